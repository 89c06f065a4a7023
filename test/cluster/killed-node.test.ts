import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"));
});
afterAll(() => cluster.close());

const directory = (): Promise<string[]> => cluster.redis.keys(`${cluster.prefix}client:*`);

test("a node killed with -9: POSTs for its clients never hang, then 404 at once, then the clients are gone", async () => {
  const [killed, other] = cluster.nodes;
  const base = other?.url ?? "";
  const streams = await Promise.all(Array.from({ length: 50 }, () => SseReader.open(killed?.url ?? "")));
  expect(await directory()).toHaveLength(50);
  await killed?.kill();

  const timedPost = async (stream: SseReader): Promise<{ status: number; tookMs: number }> => {
    const startMs = performance.now();
    const { status } = await postSubscriptions(base, stream.clientId, ["posts/*"]);
    return { status, tookMs: performance.now() - startMs };
  };
  const early = await Promise.all(streams.map(timedPost));
  for (const { status, tookMs } of early) {
    expect([404, 503]).toContain(status);
    expect(tookMs).toBeLessThan(5_000);
  }

  const nodes = (): Promise<string[]> => cluster.redis.keys(`${cluster.prefix}node:*`);
  await waitUntil(async () => (await nodes()).length === 1, "the killed node's heartbeat to expire", 10_000);
  const late = await Promise.all(streams.map(timedPost));
  for (const { status, tookMs } of late) {
    expect(status).toBe(404);
    expect(tookMs).toBeLessThan(2_000);
  }

  await waitUntil(
    async () => (await directory()).length === 0,
    "the killed node's clients to expire",
    35_000,
  );
});
