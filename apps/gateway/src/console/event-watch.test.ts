import { CollectionSet, type RecordEvent } from "@sluice/protocol";
import { expect, test } from "vitest";
import { EventWatch } from "./event-watch.ts";

function openWatch(): EventWatch {
  const watch = new EventWatch(() => new CollectionSet());
  watch.switch(true);
  return watch;
}

function dispatch(watch: EventWatch, id = "p1", frames = 1, collection = "posts"): void {
  const event: RecordEvent = { kind: "record", action: "create", collection, record: { id } };
  watch.dispatched({ event, source: { door: "log", cursor: "1700000000000-1" }, text: "{}", frames });
}

function* byText(): Iterable<readonly [string, number]> {
  for (let index = 0; index < 1_000; index++) yield [`f${index}`, 2];
}

test("nothing is noted while nobody watches, and nothing of before when somebody does", () => {
  const watch = openWatch();
  watch.denied({ reason: "rule", topic: "posts/*", subscribers: 1 });
  watch.switch(false);
  watch.denied({ reason: "rule", topic: "posts/*", subscribers: 1 });
  dispatch(watch);
  watch.delivered(1);
  watch.switch(true);
  expect(watch.takeEvents()).toEqual([]);
  expect(watch.takeCounts()).toEqual({
    events: 0,
    deliveries: 0,
    denials: 0,
    skippedEvents: 0,
    delayMs: null,
    topics: [],
  });
  dispatch(watch);
  expect(watch.takeEvents()).toMatchObject([{ withheld: [] }]);
});

test("who is denied for one reason by one text is one entry of the event, and of no other", () => {
  const watch = openWatch();
  watch.denied({ reason: "rule", topic: "posts/*", subscribers: 2, text: "a" });
  watch.denied({ reason: "rule", topic: "posts/*", subscribers: 3, text: "a" });
  watch.denied({ reason: "rule", topic: "posts/p1", subscribers: 1, text: null });
  watch.denied({ reason: "expand", topic: "posts/*", subscribers: 9, detail: "not there" });
  dispatch(watch);
  dispatch(watch, "p2");
  const [first, second] = watch.takeEvents();
  expect(first?.withheld).toEqual([
    { reason: "rule", topic: "posts/*", subscribers: 5, text: "a" },
    { reason: "rule", topic: "posts/p1", subscribers: 1, text: "null" },
  ]);
  expect(second?.withheld).toEqual([]);
  expect(watch.takeCounts().denials).toBe(15);
});

test("of many texts ten are told, and everybody is counted", () => {
  const watch = openWatch();
  watch.denied({ reason: "filter", topic: "posts/*", subscribers: 2_000, byText });
  for (let index = 0; index < 100; index++) {
    watch.denied({ reason: "filter", topic: "posts/*", subscribers: 1, text: `g${index}` });
  }
  dispatch(watch);
  const withheld = watch.takeEvents()[0]?.withheld ?? [];
  expect(withheld).toHaveLength(11);
  expect(withheld.reduce((sum, { subscribers }) => sum + subscribers, 0)).toBe(2_100);
  expect(withheld.at(-1)).toEqual({ reason: "filter", topic: "posts/*", subscribers: 2_080 });
});

test("P7: of very many subscriptions a few are looked at, alike as they may be", () => {
  const watch = openWatch();
  let looked = 0;
  const alike = function* (): Iterable<readonly [string, number]> {
    for (; looked < 50_000; looked++) yield ["f", 1];
  };
  watch.denied({ reason: "filter", topic: "posts/*", subscribers: 50_000, byText: alike });
  dispatch(watch);
  expect(looked).toBeLessThan(1_000);
  const withheld = watch.takeEvents()[0]?.withheld ?? [];
  expect(withheld.map(({ text }) => text)).toEqual(["f", undefined]);
  expect(withheld.reduce((sum, { subscribers }) => sum + subscribers, 0)).toBe(50_000);
});

test("long texts are cut", () => {
  const watch = openWatch();
  const long = "x".repeat(5_000);
  watch.denied({ reason: "rule-failed", topic: long, subscribers: 1, text: long, detail: long });
  dispatch(watch, long, 1, long);
  const [event] = watch.takeEvents();
  expect(JSON.stringify(event).length).toBeLessThan(1_500);
});

test("the topics with the most deliveries are told, ten at most, however many there are", () => {
  const watch = openWatch();
  for (let index = 0; index < 5_000; index++) dispatch(watch, "p1", index % 100, `c${index}`);
  dispatch(watch, "p1", 50, "c99");
  const { topics, events, deliveries } = watch.takeCounts();
  expect(topics).toHaveLength(10);
  expect(topics[0]).toEqual({ topic: "c99", events: 2, deliveries: 149 });
  expect([events, deliveries]).toEqual([5_001, 50 * 4_950 + 50]);
});

test("delays are told as quantiles", () => {
  const watch = openWatch();
  for (let ms = 100; ms > 0; ms--) watch.delivered(ms);
  expect(watch.takeCounts().delayMs).toEqual({ p50: 50, p95: 95, p99: 99 });
  watch.delivered(7);
  expect(watch.takeCounts().delayMs).toEqual({ p50: 7, p95: 7, p99: 7 });
});
