import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { eventOf, json, posts, rowsOf } from "../../../../test/harness/kept-records.ts";
import { uniqueKeyPrefix } from "../../../../test/harness/key-prefix.ts";
import { openRecordingNode } from "../../../../test/harness/recording-node.ts";
import { type Deployment, openDeployment } from "./deployment.ts";
import { parseRedisUrl } from "./redis-url.ts";

let redis: Redis;
let keyPrefix: string;
let deployment: Deployment;
beforeAll(() => {
  redis = new Redis(inject("redisUrl"));
});
beforeEach(async () => {
  keyPrefix = uniqueKeyPrefix();
  deployment = await openDeployment(parseRedisUrl(inject("redisUrl")), keyPrefix);
  return () => deployment.close();
});
afterAll(() => redis.disconnect());

/** Writes the event alone, and the row as it is given, or not at all. */
async function writeApart(action: string, row: string, kept?: string): Promise<void> {
  await redis.xadd(`${keyPrefix}log`, "*", "event", eventOf(action, row).text);
  if (kept !== undefined) await redis.hset(`${keyPrefix}records:posts`, JSON.parse(row).id, kept);
}

test("rows are as the log says, in whatever words", async () => {
  await deployment.seed(posts, rowsOf(["p1", json("p1", "a")], ["p2", json("p2", "a")]));
  await writeApart("update", json("p1", "b"), '{ "title": "b", "id": "p1" }');
  await writeApart("delete", json("p3", "a"));
  expect(await deployment.check(posts)).toEqual({ seeded: true, checked: 2, different: 0, ids: [] });
});

test("rows that were not written, deleted or written otherwise are told by id", async () => {
  await deployment.seed(posts, rowsOf(["p1", json("p1", "a")], ["p2", json("p2", "a")]));
  await writeApart("update", json("p1", "b"));
  await writeApart("delete", json("p2", "a"));
  await writeApart("create", json("p3", "a"), json("p3", "b"));
  await writeApart("create", json("p4", "a"), json("p4", "a"));
  await writeApart("create", json("p5", "a"), "broken");
  const { ids, ...counts } = await deployment.check(posts);
  expect(counts).toEqual({ seeded: true, checked: 5, different: 4 });
  expect(ids.toSorted()).toEqual(["p1", "p2", "p3", "p5"]);
});

test("of many that differ a hundred are told, and all are counted", async () => {
  for (let at = 0; at < 700; at++) await writeApart("create", json(`p${at}`, "a"));
  const { ids, ...counts } = await deployment.check(posts);
  expect([ids.length, counts]).toEqual([100, { seeded: false, checked: 700, different: 700 }]);
});

test("writers may go on meanwhile: a row is compared with the log at one and the same place", async () => {
  const node = await openRecordingNode({ redisUrl: inject("redisUrl"), keyPrefix });
  await deployment.seed(posts, rowsOf());
  const over = new AbortController();
  const writing = (async () => {
    for (let at = 0; !over.signal.aborted; at++) {
      const row = json(`p${at % 20}`, String(at));
      await node.backplane.append([eventOf(at % 3 === 0 ? "delete" : "update", row)]);
    }
  })();
  const checks = [];
  for (let round = 0; round < 20; round++) checks.push(await deployment.check(posts));
  over.abort();
  await writing;
  await node.backplane.close();
  expect(checks.filter(({ different }) => different > 0)).toEqual([]);
  expect(checks.at(-1)?.checked).toBe(20);
});
