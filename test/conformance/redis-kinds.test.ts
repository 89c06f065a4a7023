import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRedisCluster } from "../harness/redis-cluster.ts";
import { startRedisTls } from "../harness/redis-tls.ts";
import { documentedRules, putUser } from "../harness/redis-users.ts";
import { cases } from "./cases.ts";
import { type StartedTarget, startTarget } from "./start-target.ts";
import { lackOf } from "./target.ts";

/** A Redis as people run it, and what the gateways are told of it. */
interface StartedRedis {
  readonly env: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

async function startCluster(): Promise<StartedRedis> {
  const { url, close } = await startRedisCluster();
  return { env: { REDIS_URL: url, KEY_PREFIX: "" }, close };
}

/** TLS with a private CA, clients that show a certificate, and the user of `docs/redis.md`. */
async function startTlsAndAcl(): Promise<StartedRedis> {
  const { plainUrl, tlsPort, files, close } = await startRedisTls(true);
  const redis = new Redis(plainUrl);
  await putUser(redis, "nodes", documentedRules("nodes"));
  // nobody else may do anything
  await redis.call("ACL", "SETUSER", "default", "off");
  redis.disconnect();
  const url = `rediss://nodes:password@localhost:${tlsPort}?${new URLSearchParams(files).toString()}`;
  return { env: { REDIS_URL: url, KEY_PREFIX: "" }, close };
}

describe.each([
  ["Redis Cluster of three masters", startCluster],
  ["TLS and the user with the least permissions", startTlsAndAcl],
])("%s", (_name, startRedis) => {
  let redis: StartedRedis;
  let started: StartedTarget;
  beforeAll(async () => {
    redis = await startRedis();
    started = await startTarget("two nodes, the POST on the other", redis.env);
  });
  afterAll(async () => {
    await started.stop();
    await redis.close();
  });

  // test.each would cut long names
  for (const one of cases) {
    test(`P1: ${one.name}`, async () => {
      expect(lackOf(started.target, one)).toBeUndefined();
      await one.run(started.target);
    });
  }
});
