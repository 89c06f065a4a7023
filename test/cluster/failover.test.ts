import { createPublisher } from "@sluice/publisher";
import type { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { type GatewayProcess, startGateways } from "../harness/gateway-process.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { type RedisSentinel, startRedisSentinel } from "../harness/redis-sentinel.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";

/** Two nodes, a stream on each, and whatever the second one's `/readyz` has said since. */
interface Scene {
  readonly redis: RedisSentinel;
  readonly nodes: readonly GatewayProcess[];
  readonly streams: readonly SseReader[];
  readonly readiness: Set<string>;
}

async function withScene(work: (scene: Scene) => Promise<void>): Promise<void> {
  const redis = await startRedisSentinel();
  const nodes = await startGateways(2, {
    REDIS_URL: redis.url,
    COLLECTIONS_FILE: demoCollectionsFile,
    HEARTBEAT_SECONDS: "1",
  });
  const streams = await Promise.all(nodes.map((node) => SseReader.open(node.url)));
  // each POST on the other node
  for (const [index, stream] of streams.entries()) await subscribe(nodes[1 - index], stream);
  const watch = new AbortController();
  const readiness = new Set<string>();
  const watching = watchReadiness(nodes[1]?.url ?? "", readiness, watch.signal);
  try {
    await work({ redis, nodes, streams, readiness });
  } finally {
    watch.abort();
    await watching;
    for (const stream of streams) stream.close();
    await Promise.all(nodes.map((node) => node.kill()));
    await redis.close();
  }
}

async function watchReadiness(url: string, seen: Set<string>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const response = await fetch(`${url}/readyz`);
    seen.add(`${response.status} ${await response.text()}`);
  }
}

async function subscribe(node: GatewayProcess | undefined, stream: SseReader): Promise<void> {
  const answer = await postSubscriptions(node?.url ?? "", stream.clientId, ["posts/*"]);
  expect(answer.status).toBe(204);
}

/** Writes to the primary of now. */
async function write(redis: Redis, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const event = { collection: "posts", action: "create", record: { id } };
    await redis.xadd("rt:log", "*", "event", JSON.stringify(event));
  }
}

/** The records in the log of a Redis, in order. */
async function logged(redis: Redis): Promise<readonly string[]> {
  const entries = await redis.xrange("rt:log", "-", "+");
  return entries
    .map(([, fields]) => fields[1] ?? "")
    .filter(Boolean)
    .map((text) => JSON.parse(text).record.id);
}

function heardBy(stream: SseReader): readonly string[] {
  return stream.events("posts/*").map(({ data }) => JSON.parse(data ?? "").record.id);
}

async function isPrimary(redis: Redis): Promise<boolean> {
  return (await redis.info("replication")).includes("role:master");
}

async function nodeConnections(redis: Redis): Promise<number> {
  return String(await redis.call("CLIENT", "LIST")).split("name=sluice-").length - 1;
}

/** Requests work again on all nodes. */
async function expectReady({ nodes, streams }: Scene): Promise<void> {
  for (const [index, stream] of streams.entries()) {
    const url = nodes[1 - index]?.url ?? "";
    const isTaken = async (): Promise<boolean> =>
      (await postSubscriptions(url, stream.clientId, ["posts/*"])).status === 204;
    await waitUntil(isTaken, "requests to be taken again", 20_000);
  }
}

// each waits for Sentinels, and does no work: side by side
describe.concurrent("a failover by Sentinel", () => {
  test("P5: streams outlive a handover and a failover by Sentinel, and get every event that Redis has", async () => {
    await withScene(async (scene) => {
      const { redis, streams, readiness } = scene;
      const [first, second] = redis.both;
      const writer = redis.connect();
      await write(first, "a1", "a2");
      await redis.sentinel.call("SENTINEL", "FAILOVER", "mymaster");
      await waitUntil(() => isPrimary(second), "the handover", 20_000);
      await waitUntil(async () => (await nodeConnections(second)) === 6, "both nodes to come over", 20_000);
      // for some seconds it does not know that it is none, and what it takes is lost
      expect(await isPrimary(first)).toBe(true);
      await write(second, "b1", "b2");
      await waitUntil(
        async () => !(await isPrimary(first)) && (await logged(first)).includes("b2"),
        "the first one to have all as a replica",
        20_000,
      );
      await expectReady(scene);

      await redis.servers[1].close();
      await waitUntil(() => isPrimary(first), "the failover", 30_000);
      await expectReady(scene);
      const publisher = createPublisher(writer);
      for (const id of ["c1", "c2"]) {
        await publisher.record({ collection: "posts", action: "create", record: { id } });
      }
      writer.disconnect();
      const all = await logged(first);
      expect(all).toEqual(["a1", "a2", "b1", "b2", "c1", "c2"]);
      for (const stream of streams) {
        await stream.waitForCount(all.length, 10_000);
        expect([heardBy(stream), stream.ended]).toEqual([all, false]);
      }
      expect([...readiness].toSorted()).toEqual(['200 {"status":"degraded"}', '200 {"status":"ready"}']);
    });
  });

  test("P5: who had events that a failover has lost is told, and goes on behind them", async () => {
    await withScene(async (scene) => {
      const { redis, nodes, streams, readiness } = scene;
      const [first, second] = redis.both;
      await write(first, "kept");
      await first.call("WAIT", 1, 10_000);
      // the replica cannot come back once it is cut off
      await second.config("SET", "masterauth", "wrong");
      await first.call("CLIENT", "KILL", "TYPE", "replica");
      await write(first, "lost");
      for (const stream of streams) await stream.waitForCount(2);
      await redis.servers[0].close();
      await waitUntil(() => isPrimary(second), "the failover", 30_000);
      for (const stream of streams) await stream.waitForEnd(20_000);
      expect([...readiness].toSorted()).toEqual(['200 {"status":"degraded"}', '200 {"status":"ready"}']);

      const cursor = streams[0]?.events("posts/*").at(-1)?.id ?? "";
      const next = await SseReader.open(nodes[1]?.url ?? "", { "Last-Event-ID": cursor });
      await subscribe(nodes[0], next);
      await write(second, "after");
      await next.waitForCount(2);
      expect(next.events("@resume").map(({ data }) => data)).toEqual(['{"resumed":false}']);
      expect(heardBy(next)).toEqual(["after"]);
      expect(await logged(second)).toEqual(["kept", "after"]);
      next.close();
    });
  });
});
