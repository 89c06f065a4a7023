import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type GatewayProcess, startGateways } from "../harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { type SdkEvent, sdks } from "../harness/sdk.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

type Json = Readonly<Record<string, unknown>>;
type Row = Json & { readonly id: string };

const authFields = [
  { name: "id", type: "text" },
  { name: "email", type: "email" },
  { name: "tokenKey", type: "text", hidden: true },
  { name: "role", type: "text" },
];
const auth = (name: string, id: string): Json => ({
  name,
  id,
  type: "auth",
  listRule: "",
  viewRule: "",
  fields: authFields,
  authToken: { secret: `the secret of ${name}`, duration: 60 },
});
const base = (name: string, listRule: string | null): Json => ({
  name,
  listRule,
  fields: [{ name: "id", type: "text" }],
});

const collections: readonly Json[] = [
  auth("users", "users_id"),
  auth("clients", "clients_id"),
  auth("_superusers", "pbc_3142635823"),
  base("open", ""),
  base("notes", "@request.auth.role = 'editor'"),
  base("mails", "@request.auth.email ~ 'new@%'"),
  base("members", "@request.auth.id != ''"),
  base("audits", null),
];

const ids: Readonly<Record<string, string>> = {
  users: "users_id",
  clients: "clients_id",
  _superusers: "pbc_3142635823",
};

const prefix = uniqueKeyPrefix();
let redis: Redis;
let nodes: readonly GatewayProcess[];

beforeAll(async () => {
  redis = new Redis(inject("redisUrl"));
  for (const collection of collections) {
    await redis.hset(`${prefix}collections`, String(collection["name"]), JSON.stringify(collection));
  }
  for (const [name, id] of Object.entries(ids)) {
    await redis.hset(`${prefix}followed`, name, name, id, name);
    const rows = Object.fromEntries(seeded(name).map((row) => [row.id, JSON.stringify(row)]));
    await redis.hset(`${prefix}records:${name}`, { ...rows, "@seeded": "once" });
  }
  nodes = await startGateways(2, { REDIS_URL: inject("redisUrl"), KEY_PREFIX: prefix });
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.kill()));
  redis.disconnect();
});

const people = ["bad", "reader", "mailer", "keyed", "late", "gone", "stays", "sdk", "one", "two", "root"];

function seeded(collection: string): readonly Row[] {
  return people.map((id) => rowOf(id, { tokenKey: keyOf(id, collection) }));
}

const keyOf = (id: string, collection = "users"): string => `the token key of ${id} in ${collection}`;

function rowOf(id: string, more: Json = {}): Row {
  return { id, email: `${id}@example.com`, role: "reader", tokenKey: keyOf(id), ...more };
}

/** A token as PocketBase signs it. */
function tokenOf(id: string, collection = "users", tokenKey = keyOf(id, collection)): Promise<string> {
  return signToken(id, { collectionId: ids[collection] }, `${tokenKey}the secret of ${collection}`);
}

/** Writes a row and logs the event, in one step. */
async function write(collection: string, action: "create" | "update" | "delete", record: Row): Promise<void> {
  const step = redis.multi();
  if (collection in ids && action !== "delete") {
    step.hset(`${prefix}records:${collection}`, record.id, JSON.stringify(record));
  } else if (collection in ids) {
    step.hdel(`${prefix}records:${collection}`, record.id);
  }
  await step.xadd(`${prefix}log`, "*", "event", JSON.stringify({ collection, action, record })).exec();
}

/** A stream on each node; subscribed through the other node. */
async function open(
  subscriptions: readonly string[],
  token: string,
): Promise<readonly [SseReader, SseReader]> {
  const streams = await Promise.all([SseReader.open(urlOf(0)), SseReader.open(urlOf(1))]);
  const answers = await Promise.all(
    streams.map(({ clientId }, index) => postSubscriptions(urlOf(1 - index), clientId, subscriptions, token)),
  );
  expect(answers.map(({ status }) => status)).toEqual([204, 204]);
  return streams;
}

function urlOf(node: number): string {
  return nodes[node]?.url ?? "";
}

let lastId = 0;

/** What streams have heard once all that was written so far has come; all of them subscribe to `open/*`. */
async function heardBy(streams: readonly SseReader[]): Promise<readonly (readonly string[])[]> {
  const id = `mark${++lastId}`;
  await write("open", "create", { id });
  for (const stream of streams) await stream.waitFor(({ data }) => data?.includes(id) === true, "the mark");
  return streams.map((stream) =>
    stream.events().flatMap(({ event }) => (event === "open/*" ? [] : [event ?? ""])),
  );
}

/** Who the directory says a stream belongs to. */
const boundTo = (stream: SseReader): Promise<string | null> =>
  redis.hget(`${prefix}client:${stream.clientId}`, "identity");

async function becomeGuests(streams: readonly SseReader[]): Promise<void> {
  for (const stream of streams) {
    await waitUntil(async () => (await boundTo(stream)) === "", "a stream to be a guest's");
  }
}

function close(...streams: readonly SseReader[]): void {
  for (const stream of streams) stream.close();
}

describe("PocketBase's own tokens", () => {
  test("P2: bind streams on every node", async () => {
    const streams = await open(["members/*", "open/*"], await tokenOf("reader"));
    expect(await Promise.all(streams.map(boundTo))).toEqual(["users_id/reader", "users_id/reader"]);
    await write("members", "create", { id: "m1" });
    expect(await heardBy(streams)).toEqual([["members/*"], ["members/*"]]);
    close(...streams);
  });

  test("P6: that are signed with anything else are guests'", async () => {
    const tokens = [
      await tokenOf("bad", "users", "another key"),
      await signToken("bad", { collectionId: "users_id" }),
      await signToken("bad", { collectionId: "clients_id" }, `${keyOf("bad")}the secret of users`),
      await tokenOf("nobody"),
      await signToken("bad", { collectionId: "users_id", exp: 1 }, `${keyOf("bad")}the secret of users`),
    ];
    for (const token of tokens) {
      const streams = await open(["members/*"], token);
      expect(await Promise.all(streams.map(boundTo))).toEqual(["", ""]);
      close(...streams);
    }
  });

  test("that come before their rows bind streams once the rows are here", async () => {
    const subscribed = open(["members/*", "open/*"], await tokenOf("fresh"));
    await write("users", "create", rowOf("fresh"));
    const changed = open(["members/*", "open/*"], await tokenOf("fresh", "users", "new"));
    await subscribed;
    await write("users", "update", rowOf("fresh", { tokenKey: "new" }));
    expect(await Promise.all((await changed).map(boundTo))).toEqual(["users_id/fresh", "users_id/fresh"]);
    close(...(await subscribed), ...(await changed));
  });

  test("of superusers are good, and so are a service's of the configured secret", async () => {
    for (const token of [await tokenOf("root", "_superusers"), await signSuperuserToken("service")]) {
      const streams = await open(["audits/*", "open/*"], token);
      await write("audits", "create", { id: "a1" });
      expect(await heardBy(streams)).toEqual([["audits/*"], ["audits/*"]]);
      close(...streams);
    }
  });
});

describe("identities are as their rows are", () => {
  test("[A2] an updated field counts on every node, from the next event on", async () => {
    const streams = await open(["notes/*", "open/*"], await tokenOf("reader"));
    await write("notes", "create", { id: "n1" });
    expect(await heardBy(streams)).toEqual([[], []]);
    await write("users", "update", rowOf("reader", { role: "editor" }));
    await write("notes", "create", { id: "n2" });
    await write("users", "update", rowOf("reader"));
    await write("notes", "create", { id: "n3" });
    expect(await heardBy(streams)).toEqual([["notes/*"], ["notes/*"]]);
    for (const stream of streams) expect(stream.events("notes/*")[0]?.data).toContain("n2");
    close(...streams);
  });

  test("[A7] so does an e-mail address", async () => {
    const streams = await open(["mails/*", "open/*"], await tokenOf("mailer"));
    await write("mails", "create", { id: "n1" });
    await write("users", "update", rowOf("mailer", { email: "new@example.com" }));
    await write("mails", "create", { id: "n2" });
    expect(await heardBy(streams)).toEqual([["mails/*"], ["mails/*"]]);
    close(...streams);
  });
});

describe("what ends tokens", () => {
  test("[A3] a new token key: guests before the event, on every node, and the next POST may bind anybody", async () => {
    const old = await tokenOf("keyed");
    const streams = await open(["users/*", "members/*", "open/*"], old);
    await write("users", "update", rowOf("keyed", { tokenKey: "new", role: "editor" }));
    await write("members", "create", { id: "m2" });
    expect(await heardBy(streams)).toEqual([["users/*"], ["users/*"]]);
    for (const stream of streams)
      expect(stream.events("users/*")[0]?.data).not.toContain("keyed@example.com");
    await becomeGuests(streams);
    const [first, second] = streams;
    for (const [index, stream] of [first, second].entries()) {
      await postSubscriptions(urlOf(index), stream.clientId, ["members/*"], old);
      expect(await boundTo(stream)).toBe("");
      const token = index === 0 ? await tokenOf("keyed", "users", "new") : await tokenOf("stays");
      expect((await postSubscriptions(urlOf(index), stream.clientId, ["notes/*"], token)).status).toBe(204);
    }
    expect([await boundTo(first), await boundTo(second)]).toEqual(["users_id/keyed", "users_id/stays"]);
    close(...streams);
  });

  test("a new token key of a superuser", async () => {
    const streams = await open(["audits/*", "open/*"], await tokenOf("two", "_superusers"));
    await write("_superusers", "update", rowOf("two", { tokenKey: "new" }));
    await write("audits", "create", { id: "a2" });
    expect(await heardBy(streams)).toEqual([[], []]);
    await becomeGuests(streams);
    close(...streams);
  });

  test("[A1, A6] the record's end: its streams hear of it and are guests', others stay as they are", async () => {
    const streams = await open(["users/gone", "members/*", "open/*"], await tokenOf("gone"));
    const others = await open(["users/gone", "members/*", "open/*"], await tokenOf("stays"));
    await write("users", "delete", rowOf("gone"));
    await write("members", "create", { id: "m3" });
    expect(await heardBy(streams)).toEqual([["users/gone"], ["users/gone"]]);
    expect(await heardBy(others)).toEqual([
      ["users/gone", "members/*"],
      ["users/gone", "members/*"],
    ]);
    for (const stream of streams) expect(stream.events("users/gone")[0]?.data).toContain("gone@example.com");
    for (const stream of others) {
      expect(stream.events("users/gone")[0]?.data).not.toContain("gone@example.com");
    }
    await becomeGuests(streams);
    close(...streams, ...others);
  });
});

test.each(sdks)("SDK $version: a new password is a guest's until the next login", async ({ create }) => {
  const [token, tokenKey] = [await tokenOf("sdk"), `another key ${++lastId}`];
  await write("users", "update", rowOf("sdk"));
  await waitUntil(() => isGood(token), "the token to be good on all nodes");
  const client = create(urlOf(0));
  const [heard, marks]: [string[], string[]] = [[], []];
  const hear = ({ record }: SdkEvent): void => void heard.push(String(record["id"]));
  client.authStore.save(token);
  await client.collection("members").subscribe("*", hear);
  await client.collection("open").subscribe("*", ({ record }) => void marks.push(String(record["id"])));
  await write("members", "create", { id: "before" });
  await write("users", "update", rowOf("sdk", { tokenKey }));
  await write("members", "create", { id: "unheard" });
  await write("open", "create", { id: "mark" });
  await waitUntil(() => marks.includes("mark"), "the mark");
  expect(heard).toEqual(["before"]);
  const { clientId } = client.realtime;
  client.authStore.save(await tokenOf("sdk", "users", tokenKey));
  await client.collection("notes").subscribe("*", hear);
  expect(client.realtime.clientId).toBe(clientId);
  await write("members", "create", { id: "after" });
  await waitUntil(() => heard.includes("after"), "what comes behind the login");
  expect(heard).toEqual(["before", "after"]);
  await client.realtime.unsubscribe();
});

/** Whether every node takes a token for its record's. */
async function isGood(token: string): Promise<boolean> {
  const streams = await Promise.all(nodes.map(({ url }) => SseReader.open(url)));
  for (const [index, stream] of streams.entries()) {
    await postSubscriptions(urlOf(index), stream.clientId, [], token);
  }
  const bound = await Promise.all(streams.map(boundTo));
  close(...streams);
  return bound.every((identity) => identity !== "");
}

async function change(name: string, collection: Json | undefined): Promise<void> {
  if (collection === undefined) await redis.hdel(`${prefix}collections`, name);
  else await redis.hset(`${prefix}collections`, name, JSON.stringify(collection));
  await redis.publish(`${prefix}collections`, name);
}

describe("collections that change", () => {
  test("[A4] a new secret makes guests of a collection's streams, another change does not", async () => {
    const users = await open(["members/*", "open/*"], await tokenOf("one"));
    const clients = await open(["members/*", "open/*"], await tokenOf("one", "clients"));
    await change("clients", { ...auth("clients", "clients_id"), listRule: null });
    await change("users", { ...auth("users", "users_id"), authToken: { secret: "another secret" } });
    await becomeGuests(users);
    await write("members", "create", { id: "m4" });
    expect(await heardBy([...users, ...clients])).toEqual([[], [], ["members/*"], ["members/*"]]);
    const again = await open(
      [],
      await signToken("one", { collectionId: "users_id" }, `${keyOf("one")}another secret`),
    );
    expect(await Promise.all(again.map(boundTo))).toEqual(["users_id/one", "users_id/one"]);
    close(...users, ...clients, ...again);
  });

  test("[A5] a collection that goes takes the identity of its streams with it", async () => {
    const secret = `${keyOf("one")}another secret`;
    const users = await open(
      ["members/*", "open/*"],
      await signToken("one", { collectionId: "users_id" }, secret),
    );
    const clients = await open(["members/*", "open/*"], await tokenOf("one", "clients"));
    await change("users", undefined);
    await becomeGuests(users);
    await write("members", "create", { id: "m5" });
    expect(await heardBy([...users, ...clients])).toEqual([[], [], ["members/*"], ["members/*"]]);
    close(...users, ...clients);
  });
});

test("no secret and no token key is in a log or in the directory", async () => {
  const stream = await SseReader.open(urlOf(0));
  await postSubscriptions(urlOf(1), stream.clientId, [], await tokenOf("one", "clients"));
  const entry = JSON.stringify(await redis.hgetall(`${prefix}client:${stream.clientId}`));
  for (const text of [...nodes.map((node) => node.output()), entry]) {
    expect(text).not.toMatch(/the secret of|another secret|the token key of/);
  }
  stream.close();
});
