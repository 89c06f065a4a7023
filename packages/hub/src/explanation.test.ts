import { guest, type Identity, type JsonObject, parseSubscription } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import {
  collectionSet,
  openRecordingHub,
  postEvent,
  posts,
  superuser,
  user,
  users,
} from "../../../test/harness/recording-hub.ts";
import { CollectionAccess } from "./collection-access.ts";
import { explainEvent, explainForClient, type Explanation, topicsOf } from "./explanation.ts";
import { RecordStore } from "./record-store.ts";

const rules = [
  null,
  "",
  "id = 'p1'",
  "id = @request.auth.id",
  "@request.auth.role = 'x'",
  "broken",
  "title ~ body",
];
const filters = ["", "title = 't'", "title = 'u'", "secret = 's'", "@request.auth.id = ''", "broken ="];
const identities: readonly Identity[] = [guest, user("p1"), user("u2"), superuser];

const fields = [
  ...posts.fields,
  { name: "body", type: "text" },
  { name: "secret", type: "text", hidden: true },
];

function subscriptionWith(topic: string, query: JsonObject): string {
  return `${topic}?options=${encodeURIComponent(JSON.stringify({ query }))}`;
}

/** Explains the creation of `p1`. */
function explain(rule: string | null, subscription: string, identity: Identity): Explanation {
  const collections = collectionSet({ ...posts, fields, listRule: rule, viewRule: rule });
  return explainEvent(postEvent(), { collections, identity, subscription, nowMs: 0 });
}

describe.each(rules)("under the rule %j", (rule) => {
  test.each(filters)("and the filter %j the hub does what the explanation says", (filter) => {
    for (const [index, identity] of identities.entries()) {
      for (const topic of ["posts/*", "posts/p1", "posts", "posts/p2"]) {
        const subscription = subscriptionWith(topic, { filter, fields: "id" });
        const { hub, subscribe, flush, denied } = openRecordingHub([
          { ...posts, fields, listRule: rule, viewRule: rule },
        ]);
        subscribe(`client${index}`, [subscription], identity);
        hub.dispatchRecord(postEvent());
        const explanation = explain(rule, subscription, identity);
        const text = flush()[`client${index}`];
        expect(text?.match(/^data:(.*)$/m)?.[1]).toBe(
          explanation.outcome === "delivered" ? explanation.data : undefined,
        );
        // whom a look-up does not find is not asked, and so counted under what the look-up was of
        const reasons =
          explanation.outcome === "denied" ? [[explanation.reason], ["rule"], ["filter"]] : [[]];
        expect(reasons).toContainEqual(denied);
      }
    }
  });
});

test("a denial names the rule, the comparison that decided, and both values", () => {
  expect(explain("title = 't' && id = @request.auth.id", "posts/*", user("u2"))).toMatchObject({
    reason: "rule",
    rule: "listRule",
    text: "title = 't' && id = @request.auth.id",
    remarks: [],
    deciding: [
      { text: "id = @request.auth.id", verdict: "false", left: { value: "p1" }, right: { value: "u2" } },
    ],
  });
});

test("a denial by the view rule, and one by the filter, say so", () => {
  expect(explain("id = 'x'", "posts/p1", guest)).toMatchObject({ rule: "viewRule" });
  expect(explain("", subscriptionWith("posts/*", { filter: "title = 'u'" }), guest)).toMatchObject({
    rule: "filter",
    text: "title = 'u'",
    deciding: [{ left: { value: "t" } }],
  });
});

test("a broken rule is told with its position", () => {
  expect(explain("id = 'p1' && broken = 1", "posts/*", guest)).toMatchObject({
    reason: "rule-refused",
    remarks: [{ position: 13, message: "no field broken, at 13" }],
  });
});

test("missing data is told with its position", () => {
  expect(explain("@collection.posts.id ?= id", "posts/*", user("u1"))).toMatchObject({
    reason: "rule-undecidable",
    remarks: [{ position: 0, message: "this rule takes other collections: their rows have to be at hand" }],
    deciding: [
      { text: "@collection.posts.id ?= id", verdict: "missing", right: { text: "id", value: "p1" } },
    ],
  });
});

test("a denial over joined rows names the one that comes nearest", () => {
  const members = {
    ...posts,
    id: "m_id",
    name: "members",
    fields: [
      { name: "user", type: "text" },
      { name: "post", type: "text" },
    ],
  };
  const listRule = "@collection.members.post ?= id && @collection.members.user ?= @request.auth.id";
  const records = new RecordStore({ maxRecords: 10, onTooMany: () => undefined });
  const load = records.begin("m_id");
  load.put("m1", { id: "m1", user: "u1", post: "p1" });
  load.put("m2", { id: "m2", user: "u2", post: "p2" });
  records.finish("m_id", load);
  const collections = collectionSet({ ...posts, listRule }, members);
  const context = { collections, subscription: "posts/*", nowMs: 0, records };
  expect(explainEvent(postEvent(), { ...context, identity: user("u1") })).toMatchObject({
    outcome: "delivered",
  });
  expect(explainEvent(postEvent(), { ...context, identity: user("u2") })).toMatchObject({
    reason: "rule",
    deciding: [
      {
        text: "@collection.members.post ?= id",
        left: { value: "p2", row: { collection: "members", id: "m2" } },
        right: { value: "p1" },
      },
    ],
  });
});

test("paths of an expand that bring nothing are told with what was expected", () => {
  const tags = { ...posts, id: "tags_id", name: "tags" };
  const related = [...fields, { name: "tags", type: "relation", collectionId: "tags_id", maxSelect: 2 }];
  const collections = collectionSet({ ...posts, fields: related }, tags);
  const subscription = subscriptionWith("posts/*", { expand: "tags,title", fields: "id" });
  const context = { collections, identity: guest, subscription, nowMs: 0 };
  expect(explainEvent(postEvent(), context)).toEqual({
    outcome: "delivered",
    rule: "listRule",
    data: '{"record":{"id":"p1"},"action":"create"}',
    unexpanded: [
      "expand=tags: expected tags to be followed, and all its rows to be at hand",
      'expand=title: expected a relation of posts, got "title"',
    ],
  });
});

test("a filter that reads the request is told to be for superusers", () => {
  const subscription = subscriptionWith("posts/*", { filter: "title = 't'", sort: "@request.auth.id" });
  expect(explain("", subscription, guest)).toMatchObject({
    reason: "filter-refused",
    remarks: [{ message: "@request. and @collection., here or in sort, are for superusers' filters only" }],
  });
});

test("an event of an unknown collection has no topics", () => {
  expect(topicsOf(postEvent("p1", { collection: "nobody" }), collectionSet(posts))).toEqual([]);
});

test("a message is explained by its own rule", () => {
  const message = { kind: "message", topic: "news", data: "1", rule: "@request.auth.id != ''" } as const;
  const context = { collections: collectionSet(), subscription: "news?options={}", nowMs: 0 };
  expect(explainEvent(message, { ...context, identity: user("u1") })).toEqual({
    outcome: "delivered",
    rule: "rule",
    data: "1",
  });
  expect(explainEvent(message, { ...context, identity: guest })).toMatchObject({
    reason: "rule",
    rule: "rule",
  });
  expect(explainEvent(message, { ...context, subscription: "newspaper", identity: guest })).toEqual({
    outcome: "unmatched",
    topics: ["news"],
  });
});

test.each([
  ["@collection.users.tokenKey ?= title && @collection.users.id ?= 'u1'", "t"],
  ["@collection.users.password:lower ?~ title", "t"],
  ["@request.auth.tokenKey = title", "t"],
  ["@request.auth.password = title", "t"],
])("P6: no explanation tells a token key or a password hash: %s", (listRule, title) => {
  const { hub, records, subscribe } = openRecordingHub([{ ...posts, listRule }, users]);
  const load = records.begin(users.id);
  load.put("u1", { id: "u1", tokenKey: "hidden", password: "hidden" });
  hub.finishLoad(users.id, load);
  subscribe("c1", ["posts/*"], user("u1"));
  const [explanation] = hub.explain("c1", postEvent(), 1) ?? [];
  expect(explanation).toMatchObject({ outcome: "denied", deciding: [{ right: { value: title } }] });
  expect(JSON.stringify(explanation)).not.toContain("hidden");
});

test("P8: a client's subscriptions are explained while there is time", () => {
  const collections = collectionSet(posts);
  const raws = ["posts/p1", "posts/*", "posts", "else"];
  const subscriptions = new Map(raws.map((raw) => [raw, parseSubscription(raw)]));
  let ms = 0;
  const explained = explainForClient(
    postEvent(),
    { identity: guest, subscriptions },
    {
      collections,
      access: new CollectionAccess(collections, undefined),
      nowMs: 0,
      most: 50,
      steadyMs: () => (ms += 200),
    },
  );
  expect(explained.map(({ subscription }) => subscription)).toEqual(["posts/p1", "posts/*"]);
});
