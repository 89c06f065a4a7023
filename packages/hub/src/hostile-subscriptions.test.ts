import {
  guest,
  type Identity,
  type JsonObject,
  parseSubscribeJson,
  parseSubscription,
} from "@sluice/protocol";
import { type CompiledRule, compileRule, RuleError } from "@sluice/rules";
import { describe, expect, test } from "vitest";
import { callMs } from "../../../test/harness/cpu-time.ts";
import {
  collectionSet,
  namesIn,
  openRecordingHub,
  superuser,
  user,
} from "../../../test/harness/recording-hub.ts";
import { SeededChoice } from "../../../test/harness/seeded-choice.ts";
import { posts as rulePosts } from "../../../test/rules/collections.ts";
import { hostileSubscription } from "../../../test/rules/hostile-subscription.ts";

/** Longest that a subscription string may take to be read. */
const slowMs = 50;

const posts = {
  id: "posts_id",
  name: "posts",
  listRule: "flag = true || author = @request.auth.id",
  viewRule: "@request.auth.id != '' || @request.query.a = '1'",
  fields: rulePosts.fields.map(({ name, type, multiple, hidden }) => ({
    name,
    type,
    hidden,
    maxSelect: multiple ? 9 : 1,
  })),
};

const records: readonly (JsonObject & { readonly id: string })[] = [
  { id: "p1", title: "a", total: 10, flag: true, tags: ["a", "b"], data: { a: [1, "b"] }, at: "2024-05-17" },
  { id: "p2", title: "", author: "u1", editors: ["u1", "u2"], point: { lon: 1, lat: 2 }, status: "a" },
];

/** The strings that a client may subscribe to, out of a number of hostile ones. */
function subscriptionsOf(seed: number): readonly string[] {
  const choice = new SeededChoice(seed);
  const subscriptions = Array.from({ length: 60 }, () => hostileSubscription(choice));
  const taken = subscriptions.flatMap(
    (one) =>
      parseSubscribeJson(JSON.stringify({ clientId: "c", subscriptions: [one] })).request?.subscriptions ??
      [],
  );
  return [...new Set(taken)];
}

describe("a hostile subscription", () => {
  test("is read quickly", () => {
    const subscriptions = Array.from({ length: 300 }, (_, seed) => subscriptionsOf(seed)).flat();
    const slow = subscriptions.filter((raw) => callMs(() => parseSubscription(raw), slowMs) > slowMs);
    expect(slow).toEqual([]);
    expect(subscriptions.length).toBeGreaterThan(12_000);
  });

  test("gets what rule and filter let through, and takes nothing from others", { timeout: 60_000 }, () => {
    let delivered = 0;
    for (let seed = 0; seed < 80; seed++) {
      const { hub, subscribe, flush } = openRecordingHub([posts]);
      const clients = clientsOf(seed);
      for (const { name, subscriptions, identity } of clients) subscribe(name, subscriptions, identity);
      for (const record of records) {
        hub.dispatchRecord({ kind: "record", action: "update", collection: "posts", record });
        hub.dispatchMessage({ kind: "message", topic: "news", data: "1", rule: "@request.query.a != 'x'" });
        const texts = flush();
        const got = clients.map(({ name }) => ({ seed, name, frames: recordFramesIn(texts[name]) }));
        const expected = clients.map(({ name, subscriptions, identity }) => {
          const frames = subscriptions.filter((raw) => mayHave(raw, record, identity)).toSorted();
          return { seed, name, frames };
        });
        expect(got).toEqual(expected);
        delivered += got.reduce((sum, { frames }) => sum + frames.length, 0);
      }
    }
    expect(delivered).toBeGreaterThan(3_000);
  });
});

describe("a filter that takes too long on a record", () => {
  const tooSlow = filtered(Array<string>(60).fill("(body ~ '%a_b_%')").join("||"));
  const as = "a".repeat(1_000_000);

  test("takes nothing from what is looked up by an element of the next record", () => {
    const { hub, subscribe, flush, denied } = openRecordingHub([{ ...posts, listRule: "" }]);
    subscribe("slow", [tooSlow]);
    hub.dispatchRecord({ ...update, record: { id: "p1", body: as } });
    expect(denied).toEqual(["filter-failed"]);
    subscribe("beside", [filtered("tags:each ?= 'x'")]);
    hub.dispatchRecord({ ...update, record: { id: "p2", tags: ["x"] } });
    expect(namesIn(flush()["beside"])).toEqual([filtered("tags:each ?= 'x'")]);
  });

  test("takes nothing from who is found by a word of the next record", () => {
    const { hub, subscribe, flush } = openRecordingHub([{ ...posts, listRule: "body ~ @request.auth.id" }]);
    subscribe("slow", [tooSlow], user("aaaaaaaaaaaaaaa"));
    hub.dispatchRecord({ ...update, record: { id: "p1", body: `aaaaaaaaaaaaaaa ${as}` } });
    hub.dispatchRecord({ ...update, record: { id: "p2", body: `aaaaaaaaaaaaaaa ${"b".repeat(2_000)}` } });
    subscribe("beside", ["posts/*"], user("aaaaaaaaaaaaaaa"));
    hub.dispatchRecord({ ...update, record: { id: "p2", body: `aaaaaaaaaaaaaaa ${"b".repeat(2_000)}` } });
    expect(namesIn(flush()["beside"])).toEqual(["posts/*"]);
  });

  test("takes nothing from who asks for a list of its own next", () => {
    const { hub, subscribe, flush } = openRecordingHub([
      { ...posts, listRule: "author ?= @request.auth.teams:each" },
    ]);
    const record = { id: "p1", body: as, author: "t1" };
    subscribe("slow", [tooSlow], member("u1"));
    hub.dispatchRecord({ ...update, record });
    subscribe("slow", [tooSlow, "posts/*"], member("u2"));
    subscribe("beside", [tooSlow], member("u3"));
    hub.dispatchRecord({ ...update, record });
    expect(namesIn(flush()["slow"])).toEqual(["posts/*"]);
  });

  test("takes nothing from a filter that is read next", () => {
    const { hub, subscribe, flush } = openRecordingHub([{ ...posts, listRule: "" }]);
    subscribe("slow", [tooSlow]);
    hub.dispatchRecord({ ...update, record: { id: "p1", body: as } });
    const raw = filtered(`total = '${"0".repeat(1_500)}1'`);
    subscribe("beside", [raw]);
    hub.dispatchRecord({ ...update, record: { id: "p1", total: 1 } });
    expect(namesIn(flush()["beside"])).toEqual([raw]);
  });
});

test("records that no filter lets through do not add up", () => {
  const { hub, subscribe, flush } = openRecordingHub([{ ...posts, listRule: "" }]);
  const raw = filtered("tags:each ?= 'x'");
  subscribe("c1", [raw]);
  const tags = Array<string>(300_000).fill("a");
  for (let event = 0; event < 5; event++) {
    hub.dispatchRecord({ ...update, record: { id: "p1", tags } });
  }
  hub.dispatchRecord({ ...update, record: { id: "p1", tags: ["x"] } });
  expect(namesIn(flush()["c1"])).toEqual([raw]);
});

test("a record of more elements than can be looked up is asked about itself", () => {
  const { hub, subscribe, flush } = openRecordingHub([{ ...posts, listRule: "" }]);
  const raw = filtered("tags:each ?= 'x'");
  subscribe("c1", [raw]);
  const tags = Array<string>(1_200_000).fill("a").concat("x");
  hub.dispatchRecord({ ...update, record: { id: "p1", tags } });
  expect(namesIn(flush()["c1"])).toEqual([raw]);
});

const update = { kind: "record", action: "update", collection: "posts" } as const;

function member(id: string): Identity {
  return { ...user(id), claims: { teams: ["t1"] } };
}

function filtered(filter: string): string {
  return `posts/*?options=${encodeURIComponent(JSON.stringify({ query: { filter } }))}`;
}

interface TestClient {
  readonly name: string;
  readonly subscriptions: readonly string[];
  readonly identity: Identity;
}

/** Hostile clients, and clients beside them that are not. */
function clientsOf(seed: number): readonly TestClient[] {
  const hostile = subscriptionsOf(seed);
  return [guest, user("u1"), user("u2"), superuser].flatMap((identity, index) => [
    { name: `hostile ${index}`, subscriptions: hostile, identity },
    { name: `beside ${index}`, subscriptions: ["posts/*", "posts/p2?options="], identity },
  ]);
}

/** The names of the frames of records. */
function recordFramesIn(text: string | undefined): readonly string[] {
  return namesIn(text)
    .filter((raw) => parseSubscription(raw).topic !== "news")
    .toSorted();
}

const ruleByTopic: Readonly<Record<string, "listRule" | "viewRule">> = {
  "posts/*": "listRule",
  "posts_id/*": "listRule",
  posts: "listRule",
};

/** Whether a subscriber is to have a record, decided for this one alone. */
function mayHave(raw: string, record: JsonObject, identity: Identity): boolean {
  const { topic, options } = parseSubscription(raw);
  const rule =
    topic === `posts/${String(record["id"])}`
      ? "viewRule"
      : Object.hasOwn(ruleByTopic, topic) && ruleByTopic[topic];
  if (rule === false || rule === undefined) return false;
  const { kind, ...auth } = { ...identity };
  const request = {
    auth: kind === "guest" ? undefined : auth,
    query: options.query,
    headers: options.headers,
  };
  const subject = { record, request, nowMs: Date.UTC(2026, 0, 1) };
  if (kind !== "superuser" && compiled(posts[rule], "rule")?.decide(subject) !== true) return false;
  const { filter = "", sort = "" } = options.query;
  if (filter === "") return true;
  const access = compiled(filter, "filter");
  const isForbidden = access?.superusersOnly === true || /@request\.|@collection\./.test(sort);
  return access?.decide(subject) === true && (kind === "superuser" || !isForbidden);
}

const [collection] = collectionSet(posts);

function compiled(text: string, kind: "rule" | "filter"): CompiledRule | undefined {
  if (collection === undefined) throw new TypeError("expected a collection");
  const schema = { find: (key: string) => (/^(posts_id|posts)$/i.test(key) ? collection : undefined) };
  try {
    return compileRule(text, { schema, collection, kind });
  } catch (error) {
    if (error instanceof RuleError) return undefined;
    throw error;
  }
}
