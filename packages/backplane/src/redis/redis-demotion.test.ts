import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guest } from "@sluice/protocol";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { startBreakableProxy } from "../../../../test/harness/breakable-proxy.ts";
import { openRecordingNode, type RecordingNode } from "../../../../test/harness/recording-node.ts";
import { startRedisCluster } from "../../../../test/harness/redis-cluster.ts";
import { startRedisServer } from "../../../../test/harness/test-redis.ts";
import { waitUntil } from "../../../../test/harness/wait-until.ts";

async function nodeConnections(redis: Redis): Promise<number> {
  return String(await redis.call("CLIENT", "LIST")).split("name=sluice-").length - 1;
}

/** What is written to the new primary is heard, by every way there is. */
async function expectToWorkOn(redis: Redis, prefix: string, node: RecordingNode): Promise<void> {
  await waitUntil(async () => (await nodeConnections(redis)) === 3, "the node to come over", 20_000);
  await waitUntil(() => node.backplane.connected, "all connections to be ready");
  await redis.xadd(`${prefix}log`, "*", "event", "logged");
  await node.backplane.append([{ text: "appended" }]);
  await waitUntil(() => node.events.length === 3, "the events behind the move");
  expect(node.events.map(({ text }) => text)).toEqual(["before", "logged", "appended"]);
  const subscribe = async (): Promise<string> => {
    const change = {
      clientId: "c1",
      ticket: await node.backplane.takeTicket(),
      address: "",
      identity: guest,
    };
    return node.backplane.subscribe({ ...change, subscriptions: ["a"] });
  };
  await waitUntil(async () => (await subscribe()) === "live", "the node to be found as an owner", 10_000);
}

/** Collects what is to be closed, and closes it whatever happens, the last first. */
async function withCleanup(work: (later: (close: () => unknown) => void) => Promise<void>): Promise<void> {
  const closers: (() => unknown)[] = [];
  try {
    await work((close) => void closers.unshift(close));
  } finally {
    for (const close of closers) await close();
  }
}

// each waits for servers, and does no work: side by side
describe.concurrent("a node whose Redis is demoted, and goes on answering", { timeout: 60_000 }, () => {
  test("comes over to the one that its host name means by then", async () => {
    await withCleanup(async (later) => {
      const start = async (): Promise<{ redis: Redis; port: number }> => {
        const folder = await mkdtemp(join(tmpdir(), "sluice-demotion-"));
        later(() => rm(folder, { recursive: true }));
        const server = await startRedisServer(undefined, [
          "--dir",
          folder,
          "--repl-diskless-sync-delay",
          "0",
        ]);
        const redis = new Redis(server.url);
        later(server.close);
        later(() => redis.disconnect());
        return { redis, port: Number(new URL(server.url).port) };
      };
      const [old, next] = await Promise.all([start(), start()]);
      let current = old.port;
      const name = await startBreakableProxy(() => current);
      later(name.close);
      const node = await openRecordingNode({ redisUrl: `redis://127.0.0.1:${name.port}`, keyPrefix: "rt:" });
      later(() => node.backplane.close());
      await node.hold("c1");
      await node.backplane.append([{ text: "before" }]);
      await next.redis.replicaof("127.0.0.1", old.port);
      await waitUntil(async () => (await next.redis.exists("rt:log")) === 1, "the replica to follow", 20_000);

      current = next.port;
      await next.redis.replicaof("NO", "ONE");
      await old.redis.replicaof("127.0.0.1", next.port);
      await expectToWorkOn(next.redis, "rt:", node);
      expect(node.counts.gaps).toBe(0);
    });
  });

  test("comes over to the new owner of its slot in a cluster", async () => {
    await withCleanup(async (later) => {
      const cluster = await startRedisCluster();
      later(cluster.close);
      const owner = await cluster.ownerOf("{rt}:log");
      const replica = await cluster.addReplica(owner);
      const node = await openRecordingNode({ redisUrl: cluster.url, keyPrefix: "{rt}:" });
      later(() => node.backplane.close());
      await node.hold("c1");
      await node.backplane.append([{ text: "before" }]);
      await waitUntil(() => node.events.length === 1, "the event before the move");
      expect(await nodeConnections(owner.redis)).toBe(3);

      await replica.redis.call("CLUSTER", "FAILOVER");
      await expectToWorkOn(replica.redis, "{rt}:", node);
      expect(node.counts.gaps).toBe(0);
    });
  });

  test("comes over with its slot, when that is moved to another server of the cluster", async () => {
    await withCleanup(async (later) => {
      const cluster = await startRedisCluster();
      later(cluster.close);
      const from = (await cluster.ownerOf("{rt}:log")).redis;
      const to = cluster.nodes.map(({ redis }) => redis).find((redis) => redis !== from);
      if (to === undefined) throw new TypeError("expected another master");
      const node = await openRecordingNode({ redisUrl: cluster.url, keyPrefix: "{rt}:" });
      later(() => node.backplane.close());
      await node.hold("c1");
      await node.backplane.append([{ text: "before" }]);
      await waitUntil(() => node.events.length === 1, "the event before the move");

      await moveSlot(await from.cluster("KEYSLOT", "{rt}:log"), from, to);
      await expectToWorkOn(to, "{rt}:", node);
      expect(node.counts.gaps).toBe(0);
    });
  });
});

/** As `redis-cli --cluster reshard` does it. */
async function moveSlot(slot: number, from: Redis, to: Redis): Promise<void> {
  const [fromId, toId] = await Promise.all(
    [from, to].map(async (redis) => String(await redis.call("CLUSTER", "MYID"))),
  );
  await to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId ?? "");
  await from.call("CLUSTER", "SETSLOT", slot, "MIGRATING", toId ?? "");
  const port = to.options.port ?? 0;
  let keys = await from.cluster("GETKEYSINSLOT", slot, 100);
  while (keys.length > 0) {
    await from.call("MIGRATE", "127.0.0.1", port, "", 0, 5_000, "KEYS", ...keys);
    keys = await from.cluster("GETKEYSINSLOT", slot, 100);
  }
  for (const redis of [to, from]) await redis.call("CLUSTER", "SETSLOT", slot, "NODE", toId ?? "");
}
