import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { startGateway } from "../harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { openRecordingNode } from "../harness/recording-node.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { waitUntil } from "../harness/wait-until.ts";

let redisServer: Awaited<ReturnType<typeof startRedisServer>>;
beforeAll(async () => {
  redisServer = await startRedisServer();
});
afterAll(() => redisServer.close());

test("P5: a frozen Redis is noticed within two heartbeats", async () => {
  const heartbeatMs = 1_000;
  const gateway = await startGateway({
    REDIS_URL: redisServer.url,
    KEY_PREFIX: uniqueKeyPrefix(),
    COLLECTIONS_FILE: demoCollectionsFile,
    HEARTBEAT_SECONDS: String(heartbeatMs / 1_000),
  });
  redisServer.process.kill("SIGSTOP");
  const startMs = performance.now();
  await waitUntil(() => gateway.output().includes("Redis is lost"), "the loss to be noticed", 10_000);
  const noticedMs = performance.now() - startMs;
  redisServer.process.kill("SIGCONT");
  await waitUntil(() => gateway.output().includes("Redis is back"), "Redis to be found again", 10_000);
  await gateway.kill();
  expect(noticedMs).toBeLessThanOrEqual(2 * heartbeatMs);
});

/** Reads that ran into their time-out. */
async function emptyReads(redis: Redis): Promise<number> {
  const stats = await redis.info("commandstats");
  return Number(/cmdstat_xread:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

test("P5: a Redis that has nothing to say is no frozen one: 40 nodes, as many empty reads as one makes in an hour", async () => {
  const keyPrefix = uniqueKeyPrefix();
  const options = { redisUrl: redisServer.url, keyPrefix, silenceMs: 1_000 };
  const nodes = await Promise.all(Array.from({ length: 40 }, () => openRecordingNode(options)));
  const redis = new Redis(redisServer.url);
  const before = await emptyReads(redis);
  const hourOfReads = 3_600 / 2;
  await waitUntil(async () => (await emptyReads(redis)) - before >= hourOfReads, "an hour of reads", 90_000);
  redis.disconnect();
  expect(nodes.flatMap(({ connections }) => connections)).toEqual([]);
  expect(nodes.flatMap(({ faults }) => faults)).toEqual([]);
  expect(nodes.map(({ counts }) => counts.gaps)).toEqual(nodes.map(() => 0));
  await Promise.all(nodes.map(({ backplane }) => backplane.close()));
});
