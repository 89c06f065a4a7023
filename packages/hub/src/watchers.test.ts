import { guest } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { openRecordingHub, postEvent, posts, superuser, user } from "../../../test/harness/recording-hub.ts";

const report = '{"kind":"node"}';
const frame = `event:@stats\ndata:${report}\n\n`;

const filtered = (filter: string): string =>
  `posts/*?options=${encodeURIComponent(JSON.stringify({ query: { filter } }))}`;

test("superusers who subscribed to @stats are told, nobody else, and it is no delivery and no denial", () => {
  const { hub, subscribe, flush, delivered, denied } = openRecordingHub();
  subscribe("watcher", ["posts/*", "@stats"], superuser);
  subscribe("other", ["posts/*", "@stats?x"], superuser);
  subscribe("user", ["@stats"], user("u1"));
  subscribe("guest", ["@stats"], guest);
  expect(hub.watcherCount).toBe(1);
  hub.tellWatchers(report);
  expect(flush()).toEqual({ watcher: frame });
  expect(delivered()).toBe(0);
  expect(denied).toEqual([]);
});

describe("a superuser is told no more", () => {
  test.each<[how: string, end: (node: ReturnType<typeof openRecordingHub>) => void]>([
    ["without the subscription", ({ subscribe }) => subscribe("c1", ["posts/*"], superuser)],
    ["as a guest", ({ subscribe }) => subscribe("c1", ["@stats"], guest)],
    ["that has left", ({ hub }) => hub.remove("c1")],
    [
      "whose record was deleted",
      ({ hub }) =>
        hub.dispatchRecord({
          kind: "record",
          action: "delete",
          collection: "_superusers",
          record: { id: "root" },
        }),
    ],
  ])("%s", (_how, end) => {
    const node = openRecordingHub();
    node.subscribe("c1", ["@stats"], superuser);
    end(node);
    node.flush();
    expect(node.hub.watcherCount).toBe(0);
    node.hub.tellWatchers(report);
    expect(node.flush()).toEqual({});
  });
});

describe("whoever subscribed to an event's topic and does not have it", () => {
  test("is told with the text that kept it, a filter that was not even asked too", () => {
    const { hub, subscribe, flush, withheld } = openRecordingHub([
      { ...posts, listRule: "title = @request.auth.id" },
    ]);
    subscribe("c1", ["posts/*", filtered("title = 'x'"), filtered("title != 't'"), "posts/other"], user("t"));
    subscribe("c2", ["posts/*", filtered("title = 'x'")], user("u2"));
    subscribe("c3", [filtered("title = 'y'")], user("t"));
    hub.dispatchRecord(postEvent("p1", { record: { id: "p1", title: "t" } }));
    expect(Object.keys(flush())).toEqual(["c1"]);
    expect(withheld.map(String).toSorted()).toEqual(
      [
        ["rule", "posts/*", 1, "title = @request.auth.id"],
        ["filter", "posts/*", 1, "title != 't'"],
        ["filter", "posts/*", 2, "title = 'x'"],
        ["filter", "posts/*", 1, "title = 'y'"],
      ]
        .map(String)
        .toSorted(),
    );
  });

  test("of a message is told with the message's rule", () => {
    const { hub, subscribe, withheld } = openRecordingHub();
    subscribe("c1", ["news"]);
    hub.dispatchMessage({ kind: "message", topic: "news", data: "", rule: null });
    hub.dispatchMessage({ kind: "message", topic: "news", data: "", rule: "@request.auth.id != ''" });
    expect(withheld).toEqual([
      ["rule", "news", 1, null],
      ["rule", "news", 1, "@request.auth.id != ''"],
    ]);
  });
});

test("an event is explained for a client as it is, the event's topics first, no more than asked for", () => {
  const { hub, subscribe } = openRecordingHub([{ ...posts, listRule: "title = @request.auth.id" }]);
  subscribe("c1", ["else", "posts/*", "posts/p1"], user("u1"));
  const explained = hub.explain("c1", postEvent(), 2);
  expect(explained).toMatchObject([
    { subscription: "posts/*", outcome: "denied", reason: "rule", text: "title = @request.auth.id" },
    { subscription: "posts/p1", outcome: "delivered", rule: "viewRule" },
  ]);
  expect(hub.explain("c2", postEvent(), 2)).toBeUndefined();
});
