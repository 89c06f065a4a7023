import type { EventReport } from "@sluice/protocol";
import { expect, test } from "vitest";
import { deliveredOf, EventTail, withheldOf } from "./event-tail.ts";

const filtered = { reason: "filter", topic: "posts/*", subscribers: 2, text: "a = 1" };

function event(key: string, part: Partial<EventReport> = {}): EventReport {
  return { key, at: 0, door: "log", topic: "posts", delivered: 1, withheld: [], ...part };
}

test("what several nodes say of one event is one event, with all that had it and had not", () => {
  const tail = new EventTail();
  tail.take({ kind: "events", node: "a", events: [event("1", { withheld: [filtered] }), event("2")] });
  const ruled = { ...filtered, reason: "rule" };
  const withheld = [{ ...filtered, subscribers: 3 }, ruled];
  tail.take({ kind: "events", node: "b", events: [event("1", { delivered: 4, withheld })] });
  const [newest, first] = tail.events.value;
  if (newest === undefined || first === undefined) throw new Error("expected two events");
  expect([newest.report.key, deliveredOf(newest)]).toEqual(["2", 1]);
  expect([first.report.key, deliveredOf(first)]).toEqual(["1", 5]);
  expect(withheldOf(first)).toEqual([
    { why: filtered, total: 5, shares: "a 2, b 3" },
    { why: ruled, total: 2, shares: "b 2" },
  ]);
});

test("a message that is sent twice is two events on every node", () => {
  const tail = new EventTail();
  tail.take({ kind: "events", node: "a", events: [event("same"), event("same")] });
  tail.take({ kind: "events", node: "b", events: [event("same"), event("same")] });
  expect(tail.events.value.map(deliveredOf)).toEqual([2, 2]);
});

test("the latest 300 events are kept", () => {
  const tail = new EventTail();
  for (let number = 1; number <= 310; number++) {
    tail.take({ kind: "events", node: "a", events: [event(`${number}`)] });
  }
  expect(tail.events.value.map(({ number }) => number)).toEqual(
    Array.from({ length: 300 }, (_, index) => 310 - index),
  );
});
