import type { NodeReport } from "@sluice/protocol";
import { expect, test } from "vitest";
import { Cluster } from "./cluster.ts";

function report(node: string, counts: Partial<NodeReport> = {}): NodeReport {
  const facts = { version: "1", at: 0, startedAt: 0, state: "ready", streams: 1, maxStreams: 9 } as const;
  const use = { subscriptions: 0, audiences: 0, outboxBytes: 0, loopLagMs: 0, cpu: 0, memoryBytes: 0 };
  const done = { position: "1-0", lagMs: 0, events: 0, deliveries: 0, denials: 0, skippedEvents: 0 };
  return { kind: "node", node, ...facts, ...use, ...done, delayMs: null, topics: [], ...counts };
}

test("an event that every node has counts once, deliveries and denials of all count", () => {
  const cluster = new Cluster();
  const delayMs = { p50: 1, p95: 2, p99: 9 };
  cluster.take(report("a", { events: 5, deliveries: 10, denials: 1, delayMs }), 0);
  cluster.take(report("b", { events: 5, deliveries: 7, denials: 2, delayMs: { ...delayMs, p95: 3 } }), 0);
  cluster.sample(1_000, 1);
  const total = { events: 5, deliveries: 17, denials: 3, p50: 1, p95: 3, p99: 9 };
  expect(cluster.samples.value).toEqual([{ at: 1, ...total }]);
});

test("two reports between two samples are averaged, and none leaves the rates as they were", () => {
  const cluster = new Cluster();
  cluster.take(report("a", { events: 2 }), 0);
  cluster.take(report("a", { events: 4 }), 990);
  cluster.sample(1_000, 1);
  cluster.sample(2_000, 2);
  expect(cluster.samples.value.map(({ events }) => events)).toEqual([3, 3]);
});

test("a silent node counts no more, a gone one is not shown, and without any nothing is known", () => {
  const cluster = new Cluster();
  cluster.take(report("b", { events: 1 }), 0);
  cluster.take(report("a", { events: 1 }), 0);
  cluster.sample(3_600, 1);
  expect(cluster.nodes.value.map((node) => node.report.node)).toEqual(["a", "b"]);
  cluster.sample(30_001, 2);
  expect(cluster.nodes.value).toEqual([]);
  expect(cluster.samples.value.map(({ events }) => events)).toEqual([null, null]);
});

test("samples go back five minutes", () => {
  const cluster = new Cluster();
  for (let at = 0; at < 400; at++) cluster.sample(at * 1_000, at);
  expect(cluster.samples.value.length).toBe(300);
});

const count = (topic: string, events: number): Partial<NodeReport> => ({
  topics: [{ topic, events, deliveries: 2 }],
});

test("topics are those of the last minute, busiest first, each event once and each delivery", () => {
  const cluster = new Cluster();
  cluster.take(report("a", count("old", 100)), 0);
  cluster.take(report("a", count("posts", 3)), 50_000);
  cluster.take(report("b", count("posts", 2)), 50_000);
  cluster.take(report("b", count("posts", 2)), 51_000);
  cluster.take(report("a", count("news", 5)), 51_000);
  cluster.sample(61_000, 1);
  expect(cluster.topics.value).toEqual([
    { topic: "news", events: 5, deliveries: 2 },
    { topic: "posts", events: 4, deliveries: 6 },
  ]);
});
