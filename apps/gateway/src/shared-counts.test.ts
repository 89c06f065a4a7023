import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { uniqueKeyPrefix } from "../../../test/harness/key-prefix.ts";
import { openRecordingNode, type RecordingNode } from "../../../test/harness/recording-node.ts";
import { waitUntil } from "../../../test/harness/wait-until.ts";
import { SharedCounts } from "./shared-counts.ts";

const minute = 29_000_000 * 60_000;

let clock: { nowMs: number };
let nodes: readonly RecordingNode[];
let counts: readonly [SharedCounts, SharedCounts];
beforeEach(async () => {
  const options = { redisUrl: inject("redisUrl"), keyPrefix: uniqueKeyPrefix() };
  const [one, other] = await Promise.all([openRecordingNode(options), openRecordingNode(options)]);
  nodes = [one, other];
  clock = { nowMs: minute };
  const nowMs = (): number => clock.nowMs;
  counts = [
    new SharedCounts({ backplane: one.backplane, nowMs }),
    new SharedCounts({ backplane: other.backplane, nowMs }),
  ];
});
afterEach(async () => {
  await Promise.all(nodes.map(({ backplane }) => backplane.close()));
});

/** What all nodes have been told of a name. */
async function shared(name: string): Promise<number | undefined> {
  const sums = await nodes[1]?.backplane.addCounts(String(minute / 60_000), new Map([[name, 0]]));
  return sums?.get(name);
}

test("a node lets through as many as there may be, each name by itself", () => {
  const [one] = counts;
  expect([1, 2, 3, 4].map(() => one.take("a", 3) === 0)).toEqual([true, true, true, false]);
  expect(one.take("b", 3)).toBe(0);
});

test("what is refused is told when the next minute begins, and is let through in it", () => {
  const [one] = counts;
  clock.nowMs = minute + 15_500;
  expect([one.take("a", 1), one.take("a", 1)]).toEqual([0, 45]);
  clock.nowMs = minute + 59_999;
  expect(one.take("a", 1)).toBe(1);
  clock.nowMs = minute + 60_000;
  expect(one.take("a", 1)).toBe(0);
});

test("what one node has let through counts on the other, as soon as that asks", async () => {
  const [one, other] = counts;
  const most = 2_000;
  for (let taken = 0; taken < most; taken++) one.take("a", most);
  // each look takes one itself: far fewer than it could by itself
  let taken = 0;
  await waitUntil(() => other.take("a", most) > 0 || ++taken === most, "the other node to know");
  expect(taken).toBeLessThan(most);
});

test("what is refused is not shared", async () => {
  const [one] = counts;
  for (let asked = 0; asked < 10_000; asked++) one.take("a", 10);
  await expect.poll(() => shared("a")).toBe(10);
  for (let asked = 0; asked < 10_000; asked++) one.take("a", 10);
  one.take("b", 1);
  await expect.poll(() => shared("b")).toBe(1);
  expect(await shared("a")).toBe(10);
});

test("without Redis a node counts by itself", async () => {
  const [one] = counts;
  await nodes[0]?.backplane.close();
  expect([1, 2, 3].map(() => one.take("a", 2) === 0)).toEqual([true, true, false]);
});
