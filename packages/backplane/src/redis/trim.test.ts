import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { uniqueKeyPrefix } from "../../../../test/harness/key-prefix.ts";
import { Script } from "./script.ts";

const trim = new Script<number>("trim.lua");

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject("redisUrl"));
});
afterAll(() => redis.disconnect());

// ages in seconds, oldest first; ages below zero stand for a writer whose clock is ahead
test.each<{ ages: readonly number[]; seconds: number; entries: number; kept: readonly number[] }>([
  { ages: [], seconds: 60, entries: 10, kept: [] },
  { ages: [30, 20, 10], seconds: 60, entries: 10, kept: [30, 20, 10] },
  { ages: [90, 70, 50, 10], seconds: 60, entries: 10, kept: [50, 10] },
  { ages: [40, 30, 20, 10], seconds: 60, entries: 2, kept: [20, 10] },
  { ages: [90, 50, 20, 10], seconds: 60, entries: 2, kept: [20, 10] },
  { ages: [90, 70, 50, 10], seconds: 60, entries: 3, kept: [50, 10] },
  { ages: [90, 80, 70], seconds: 60, entries: 10, kept: [70] },
  { ages: [1_700_000_000, 1_600_000_000], seconds: 60, entries: 10, kept: [1_600_000_000] },
  { ages: [90], seconds: 60, entries: 1, kept: [90] },
  { ages: [20, 10], seconds: 60, entries: 1, kept: [10] },
  { ages: [90, 10, -3600], seconds: 60, entries: 10, kept: [10, -3600] },
  { ages: [20, 10], seconds: 9_000_000_000, entries: 10, kept: [20, 10] },
])(
  "entries $ages seconds old, trimmed to $seconds seconds and $entries entries, leave $kept",
  async ({ ages, seconds, entries, kept }) => {
    const key = `${uniqueKeyPrefix()}log`;
    const [nowSeconds] = await redis.time();
    for (const age of ages) await redis.xadd(key, `${(Number(nowSeconds) - age) * 1000}-1`, "age", age);
    const removed = await trim.run(redis, [key], [seconds * 1000, entries]);
    const left = await redis.xrange(key, "-", "+");
    expect(left.map(([, fields]) => Number(fields[1]))).toEqual(kept);
    expect(removed).toBe(ages.length - kept.length);
  },
);
