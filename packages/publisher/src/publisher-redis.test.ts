import { Cluster, Redis } from "ioredis";
import { expect, test } from "vitest";
import { openRecordingNode } from "../../../test/harness/recording-node.ts";
import { startRedisCluster } from "../../../test/harness/redis-cluster.ts";
import { documentedRules, putUser } from "../../../test/harness/redis-users.ts";
import { startRedisServer } from "../../../test/harness/test-redis.ts";
import { waitUntil } from "../../../test/harness/wait-until.ts";
import { createChannelPublisher, createPublisher, type RecordChange } from "./index.ts";

const change = (id: string): RecordChange => ({ collection: "posts", action: "create", record: { id } });

/** Publishes by every way there is. */
async function publishAll(redis: Redis | Cluster): Promise<void> {
  const [log, channels] = [createPublisher(redis), createChannelPublisher(redis)];
  await log.batch([change("a"), { topic: "news" }]);
  await log.record(change("b"));
  await channels.batch([change("c"), { topic: "news" }]);
  await channels.record({ ...change("d"), collection: "notes" });
}

/** Which doors events come through at a node, in order of the doors. */
async function doorsOf(
  redisUrl: string,
  keyPrefix: string,
  publish: () => Promise<void>,
): Promise<readonly string[]> {
  const node = await openRecordingNode({ redisUrl, keyPrefix });
  try {
    await publish();
    await waitUntil(() => node.events.length >= 6, "the events at a node");
    return node.events.map(({ source }) => source.door).toSorted();
  } finally {
    await node.backplane.close();
  }
}

const allDoors = ["log", "log", "log", "message", "record", "record"];

test("a cluster: every event comes through, under the prefix that nodes have there", async () => {
  const cluster = await startRedisCluster();
  const hosts = cluster.nodes.map(({ server }) => ({
    host: "127.0.0.1",
    port: Number(new URL(server.url).port),
  }));
  const redis = new Cluster(hosts);
  try {
    await redis.hset("{rt}:followed", "posts", "posts");
    expect(await doorsOf(cluster.url, "{rt}:", () => publishAll(redis))).toEqual(allDoors);
    expect(await redis.hkeys("{rt}:records:posts")).toEqual(["a", "b"]);
  } finally {
    redis.disconnect();
    await cluster.close();
  }
});

test("the user that docs/redis.md has for writers may publish, and nothing else", async () => {
  const server = await startRedisServer();
  const admin = new Redis(server.url);
  await putUser(admin, "writers", documentedRules("writers"));
  await admin.hset("rt:followed", "posts", "posts");
  const redis = new Redis(server.url, { username: "writers", password: "password", disableClientInfo: true });
  const doors = await doorsOf(server.url, "rt:", () => publishAll(redis));
  const kept = await admin.hkeys("rt:records:posts");
  admin.disconnect();
  const others = [
    redis.xrange("rt:log", "-", "+"),
    redis.publish("rt:collections", ""),
    redis.xadd("rt:x", "*", "a", ""),
    redis.hgetall("rt:records:posts"),
  ];
  const refusals = await Promise.allSettled(others);
  redis.disconnect();
  await server.close();
  expect(doors).toEqual(allDoors);
  expect(kept).toEqual(["a", "b"]);
  expect(refusals.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "rejected"]);
});
