import { parseSubscription } from "@sluice/protocol";
import { expect, test } from "vitest";
import { Client } from "./client.ts";
import { SubscriptionIndex } from "./subscription-index.ts";

const clientOf = (id: string): Client => new Client(id, "", { write: () => true, cut: () => {} });

/** What an index finds: the clients of each subscription string. */
function found(index: SubscriptionIndex, topic: string): unknown {
  return [...(index.find(topic)?.all ?? [])].map(({ subscription, clients }) => [
    subscription.raw,
    Array.from(clients, ({ id }) => id),
  ]);
}

test("a topic has one group for each different string, with all its clients", () => {
  const index = new SubscriptionIndex();
  const [one, two] = [clientOf("c1"), clientOf("c2")] as const;
  index.add(one, parseSubscription("a/*"));
  index.add(two, parseSubscription("a/*"));
  index.add(one, parseSubscription("a/*?x"));
  index.add(one, parseSubscription("b"));
  expect(found(index, "a/*")).toEqual([
    ["a/*", ["c1", "c2"]],
    ["a/*?x", ["c1"]],
  ]);
  expect(found(index, "a")).toEqual([]);
  expect(index.size).toBe(4);
});

test("a subscription that is added twice counts once", () => {
  const index = new SubscriptionIndex();
  const client = clientOf("c1");
  index.add(client, parseSubscription("a"));
  index.add(client, parseSubscription("a"));
  expect([index.size, found(index, "a")]).toEqual([1, [["a", ["c1"]]]]);
});

test.each<[what: string, id: string, raw: string]>([
  ["another client's", "c2", "a?x"],
  ["another string", "c1", "a"],
  ["an unknown topic", "c1", "b"],
])("the removal of %s changes nothing", (_, id, raw) => {
  const index = new SubscriptionIndex();
  const clients = { c1: clientOf("c1"), c2: clientOf("c2") };
  index.add(clients.c1, parseSubscription("a?x"));
  index.remove(id === "c1" ? clients.c1 : clients.c2, parseSubscription(raw));
  expect([index.size, found(index, "a")]).toEqual([1, [["a?x", ["c1"]]]]);
});

test("nothing is left when everything was removed", () => {
  const index = new SubscriptionIndex();
  const clients = [clientOf("c1"), clientOf("c2")];
  const subscriptions = ["a", "a?x", "b/*", "", "__proto__"].map(parseSubscription);
  for (const client of clients) for (const subscription of subscriptions) index.add(client, subscription);
  expect(index.size).toBe(10);
  for (const client of clients) for (const subscription of subscriptions) index.remove(client, subscription);
  expect(index.size).toBe(0);
  for (const { topic } of subscriptions) expect(index.find(topic)).toBeUndefined();
});
