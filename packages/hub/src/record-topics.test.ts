import { parseCollections } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { namesIn, openRecordingHub, postEvent, posts } from "../../../test/harness/recording-hub.ts";
import { recordTopics } from "./record-topics.ts";

const topicsOf = (collection: object): unknown => {
  const [parsed] = parseCollections([{ fields: [], ...collection }]).collections;
  return parsed && recordTopics(parsed, "p1");
};

describe("the topics of a record", () => {
  test("stand under name and id: its own by the view rule, all records by the list rule", () => {
    expect(topicsOf({ name: "posts", id: "x1" })).toEqual([
      { topic: "posts/p1", rule: "viewRule" },
      { topic: "posts/*", rule: "listRule" },
      { topic: "posts", rule: "listRule" },
      { topic: "x1/p1", rule: "viewRule" },
      { topic: "x1/*", rule: "listRule" },
      { topic: "x1", rule: "listRule" },
    ]);
  });

  test("stand there once where the name is the id", () => {
    expect(topicsOf({ name: "posts", id: "posts" })).toEqual([
      { topic: "posts/p1", rule: "viewRule" },
      { topic: "posts/*", rule: "listRule" },
      { topic: "posts", rule: "listRule" },
    ]);
  });
});

describe("an event of record p1 in posts", () => {
  test.each<[behaviour: string, subscriptions: string[]]>([
    ["all records", ["posts/*"]],
    ["the record", ["posts/p1"]],
    ["the bare collection", ["posts"]],
    ["the collection's id", ["posts_id", "posts_id/*", "posts_id/p1"]],
    ["three forms at once, each in its own frame", ["posts/*", "posts/p1", "posts/*?options=%7B%7D"]],
    ["two strings with one meaning", ["posts/*?options=%7b%7d", "posts/*?options=%7B%7D"]],
    ["any query behind the topic", ["posts?", "posts?x=1", "posts/p1?#é", "posts/*?x?y", "posts/*?posts/p2"]],
    ["options that cannot be read", ["posts/*?options={", "posts/*?options=%zz", "posts/p1?options=5"]],
  ])("reaches a subscription to %s", (_, subscriptions) => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", subscriptions);
    hub.dispatchRecord(postEvent("p1"));
    const names = namesIn(flush()["c1"]);
    expect(names).toHaveLength(subscriptions.length);
    expect(new Set(names)).toEqual(new Set(subscriptions));
  });

  test.each([
    "posts/p12",
    "posts/p",
    "posts/p1/",
    "posts/P1",
    "posts/",
    "posts/p*",
    "posts/**",
    "posts/%2A",
    "Posts/*",
    "POSTS",
    " posts",
    "post/*",
    "posts2/*",
    "audits/p1",
    "*",
    "*/*",
    "/posts/*",
    "?posts/*",
    "",
    "PB_CONNECT",
    "__proto__",
  ])("does not reach a subscription to %j", (subscription) => {
    const { hub, subscribe, flush, denied } = openRecordingHub();
    subscribe("c1", [subscription]);
    hub.dispatchRecord(postEvent("p1"));
    expect(flush()).toEqual({});
    expect(denied).toEqual([]);
  });

  test.each(["posts", "posts_id"])("matches whether the writer names the collection %s", (collection) => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", ["posts/*", "posts_id/p1"]);
    expect(hub.dispatchRecord(postEvent("p1", { collection }))).toBe(2);
    expect(new Set(namesIn(flush()["c1"]))).toEqual(new Set(["posts/*", "posts_id/p1"]));
  });

  test.each(["Posts", "audits", "", "__proto__"])(
    "of the unknown collection %j reaches nobody",
    (collection) => {
      const { hub, subscribe, flush } = openRecordingHub();
      subscribe("c1", ["posts/*", `${collection}/*`, collection]);
      expect(hub.dispatchRecord(postEvent("p1", { collection }))).toBeUndefined();
      expect(flush()).toEqual({});
    },
  );

  test("matches the new name and the same id once the collection is renamed", () => {
    const { hub, subscribe, flush } = openRecordingHub([{ ...posts, name: "articles" }]);
    subscribe("c1", ["posts/*", "articles/*", "posts_id/*"]);
    hub.dispatchRecord(postEvent("p1", { collection: "posts_id" }));
    expect(new Set(namesIn(flush()["c1"]))).toEqual(new Set(["articles/*", "posts_id/*"]));
  });
});
