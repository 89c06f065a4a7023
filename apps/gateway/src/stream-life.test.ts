import { expect, test } from "vitest";
import { seededRandom } from "../../../test/harness/seeded-random.ts";
import { drawLifeMs } from "./stream-life.ts";

test("of 10,000 streams that open together, hardly a hundredth ends in the same second", () => {
  const random = seededRandom(1);
  const lives = Array.from({ length: 10_000 }, () => drawLifeMs(1_800, random));
  expect(Math.min(...lives)).toBeGreaterThanOrEqual(1_620_000);
  expect(Math.max(...lives)).toBeLessThanOrEqual(1_800_000);
  const ends = Map.groupBy(lives, (lifeMs) => Math.floor(lifeMs / 1_000));
  expect(Math.max(...[...ends.values()].map((group) => group.length))).toBeLessThan(120);
});

test("a life of 0 seconds has no end", () => {
  expect(drawLifeMs(0, Math.random)).toBe(Number.POSITIVE_INFINITY);
});
