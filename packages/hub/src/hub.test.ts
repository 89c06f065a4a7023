import { guest } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { namesIn, openRecordingHub, postEvent, posts, user } from "../../../test/harness/recording-hub.ts";

const data = (id: string): string =>
  `data:{"record":{"collectionId":"posts_id","collectionName":"posts","id":"${id}","title":"t"},"action":"create"}`;

describe("a frame", () => {
  test("of a logged event carries the cursor", () => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", ["posts/*?options=%7B%7D"]);
    hub.dispatchRecord(postEvent("p1"), "17-0");
    expect(flush()).toEqual({ c1: `id:17-0\nevent:posts/*?options=%7B%7D\n${data("p1")}\n\n` });
  });

  test("of an event without a cursor carries no id", () => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", ["posts/*"]);
    hub.dispatchRecord(postEvent("p1"));
    expect(flush()).toEqual({ c1: `event:posts/*\n${data("p1")}\n\n` });
  });

  test("is counted when it is put into an outbox", () => {
    const { hub, subscribe, delivered } = openRecordingHub();
    subscribe("c1", ["posts/*", "posts/p1"]);
    subscribe("c2", ["posts/*"]);
    expect(hub.dispatchRecord(postEvent("p1"))).toBe(3);
    expect(hub.dispatchMessage({ kind: "message", topic: "news", data: "1", rule: "" })).toBe(0);
    expect(delivered()).toBe(3);
  });
});

describe("a turn of the event loop", () => {
  test("writes once to each client, all its frames in the order of the events", () => {
    const { hub, subscribe, flush, writes, pending } = openRecordingHub();
    subscribe("c1", ["posts/*"]);
    subscribe("c2", ["posts/p3", "posts/p1"]);
    for (const id of ["p3", "p1", "p2"]) hub.dispatchRecord(postEvent(id), `1-${id}`);
    expect(pending).toHaveLength(1);
    expect(writes).toEqual([]);
    const texts = flush();
    expect(writes).toHaveLength(2);
    expect(texts["c1"]?.match(/^id:.*$/gm)).toEqual(["id:1-p3", "id:1-p1", "id:1-p2"]);
    expect(texts["c2"]?.match(/^id:.*$/gm)).toEqual(["id:1-p3", "id:1-p1"]);
  });

  test("that brings nobody anything asks for no flush", () => {
    const { hub, subscribe, pending } = openRecordingHub();
    subscribe("c1", ["posts/p2"]);
    hub.dispatchRecord(postEvent("p1"));
    expect(pending).toEqual([]);
  });

  test("keeps records and messages in one order", () => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", ["posts/*", "news"]);
    hub.dispatchRecord(postEvent("p1"));
    hub.dispatchMessage({ kind: "message", topic: "news", data: "1", rule: "" });
    hub.dispatchRecord(postEvent("p2"));
    expect(namesIn(flush()["c1"])).toEqual(["posts/*", "news", "posts/*"]);
  });

  test("is followed by the next one", () => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", ["posts/*"]);
    hub.dispatchRecord(postEvent("p1"), "1-1");
    expect(flush()["c1"]).toContain("id:1-1\n");
    hub.dispatchRecord(postEvent("p2"), "1-2");
    expect(flush()["c1"]).not.toContain("id:1-1\n");
    expect(flush()).toEqual({});
  });
});

describe("a change of a client", () => {
  test("replaces its whole set", () => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", ["posts/*", "posts"]);
    subscribe("c1", ["posts/p1", "posts"]);
    hub.dispatchRecord(postEvent("p1"));
    expect(new Set(namesIn(flush()["c1"]))).toEqual(new Set(["posts/p1", "posts"]));
    expect(hub.subscriptionCount).toBe(2);
    subscribe("c1", []);
    hub.dispatchRecord(postEvent("p1"));
    expect(flush()).toEqual({});
    expect(hub.subscriptionCount).toBe(0);
  });

  test.each<[behaviour: string, version: number, heard: string[], identity: unknown]>([
    ["applies where it is newer", 6, ["posts/p1"], user("u1")],
    ["applies where it is the same, sent again", 5, ["posts/p1"], user("u1")],
    ["never overwrites a newer one", 4, ["posts/*"], guest],
  ])("%s", (_, version, heard, identity) => {
    const { hub, flush, subscribe } = openRecordingHub();
    subscribe("c1", []);
    hub.apply("c1", { version: 5, identity: guest, subscriptions: ["posts/*"] });
    expect(hub.apply("c1", { version, identity: user("u1"), subscriptions: ["posts/p1"] })).toBe(true);
    hub.dispatchRecord(postEvent("p1"));
    expect(namesIn(flush()["c1"])).toEqual(heard);
    expect(hub.find("c1")?.identity).toEqual(identity);
  });

  test("does not touch frames that wait already", () => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", ["posts/*"]);
    hub.dispatchRecord(postEvent("p1"));
    subscribe("c1", []);
    hub.dispatchRecord(postEvent("p2"));
    expect(namesIn(flush()["c1"])).toEqual(["posts/*"]);
  });

  test("of an unknown client is refused", () => {
    const { hub } = openRecordingHub();
    expect(hub.apply("c1", { version: 1, identity: guest, subscriptions: ["posts/*"] })).toBe(false);
    expect([hub.clientCount, hub.subscriptionCount]).toEqual([0, 0]);
  });
});

describe("a last frame", () => {
  test("is sent under its subscription, which ends with it", () => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", ["@oauth2", "posts/*"]);
    expect(hub.sendLast("c1", "@oauth2", '{"state":"c1","code":"x"}')).toBe(true);
    expect(hub.subscriptionCount).toBe(1);
    expect(hub.sendLast("c1", "@oauth2", "again")).toBe(true);
    hub.dispatchRecord(postEvent("p1"));
    expect(flush()).toEqual({
      c1: `event:@oauth2\ndata:{"state":"c1","code":"x"}\n\nevent:posts/*\n${data("p1")}\n\n`,
    });
  });

  test("is sent to exactly that string, and not to another client", () => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", ["@oauth2?x"]);
    subscribe("c2", ["@oauth2"]);
    expect(hub.sendLast("c1", "@oauth2", "{}")).toBe(true);
    expect(flush()).toEqual({});
    expect(hub.subscriptionCount).toBe(2);
  });

  test("to an unknown client is refused", () => {
    expect(openRecordingHub().hub.sendLast("c1", "@oauth2", "{}")).toBe(false);
  });
});

test("the audiences that events were decided for are counted, and those that are gone are not", () => {
  const { hub, subscribe } = openRecordingHub([{ ...posts, listRule: "@request.auth.id != id" }]);
  subscribe("c1", ["posts/*"], user("u1"));
  subscribe("c2", ["posts/*"], user("u1"));
  subscribe("c3", ["posts/*"], user("u2"));
  subscribe("c4", ["news"]);
  expect(hub.audienceCount).toBe(0);
  hub.dispatchRecord(postEvent("p1"));
  expect(hub.audienceCount).toBe(2);
  hub.remove("c1");
  expect(hub.audienceCount).toBe(2);
  hub.remove("c2");
  expect(hub.audienceCount).toBe(1);
});

describe("a client that leaves", () => {
  test("gets nothing of what waited for it", () => {
    const { hub, subscribe, flush, writes } = openRecordingHub();
    subscribe("c1", ["posts/*"]);
    subscribe("c2", ["posts/*"]);
    hub.dispatchRecord(postEvent("p1"));
    hub.remove("c1");
    expect(Object.keys(flush())).toEqual(["c2"]);
    expect(writes).toHaveLength(1);
  });

  test("leaves nothing behind", () => {
    const { hub, subscribe, released, delivered } = openRecordingHub();
    subscribe("c1", ["posts/*", "posts/p1", "news?x"], user("u1"));
    subscribe("c2", ["posts/*"]);
    expect([hub.clientCount, hub.subscriptionCount]).toEqual([2, 4]);
    hub.remove("c1");
    expect([hub.clientCount, hub.subscriptionCount]).toEqual([1, 1]);
    hub.remove("c2");
    hub.remove("c2");
    expect([hub.clientCount, hub.subscriptionCount, hub.find("c1")]).toEqual([0, 0, undefined]);
    hub.dispatchRecord(postEvent("u1", { collection: "users_id", action: "delete" }));
    hub.dispatchRecord(postEvent("p1"));
    expect([released, delivered()]).toEqual([[], 0]);
  });

  test("and comes back within the turn gets nothing of before", () => {
    const { hub, subscribe, flush } = openRecordingHub();
    subscribe("c1", ["posts/*"]);
    hub.dispatchRecord(postEvent("p1"), "1-1");
    hub.remove("c1");
    subscribe("c1", ["posts/*"]);
    hub.dispatchRecord(postEvent("p2"), "1-2");
    const text = flush()["c1"];
    expect(text).toContain("id:1-2\n");
    expect(text).not.toContain("id:1-1\n");
  });
});
