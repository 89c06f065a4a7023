import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Cluster, demoCollectionsFile, startCluster } from "../harness/cluster.ts";
import { startGateway } from "../harness/gateway-process.ts";
import { readMetrics } from "../harness/metrics.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";

/** Streams even out within seconds, and end for no other reason. */
const env = { SHED_SECONDS: "6", STREAM_SECONDS: "0", IDLE_SECONDS: "0", HEARTBEAT_SECONDS: "1" };

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"), { env });
});
afterAll(() => cluster.close());

const urlOf = (node: number): string => cluster.nodes[node]?.url ?? "";

async function openSubscribed(url: string): Promise<SseReader> {
  const stream = await SseReader.open(url);
  await postSubscriptions(url, stream.clientId, ["posts/*"]);
  return stream;
}

function openMany(url: string, count: number): Promise<readonly SseReader[]> {
  return Promise.all(Array.from({ length: count }, () => openSubscribed(url)));
}

async function shedBy(url: string): Promise<number | undefined> {
  return (await readMetrics(url)).get("sluice_streams_shed_total");
}

test("no stream is ended where all nodes have the same, and none for a node that is full", async () => {
  const { redisUrl: REDIS_URL, prefix: KEY_PREFIX } = cluster;
  const shared = { ...env, REDIS_URL, KEY_PREFIX, COLLECTIONS_FILE: demoCollectionsFile };
  const full = await startGateway({ ...shared, MAX_STREAMS: "1" });
  const streams = await Promise.all([
    openMany(urlOf(0), 40),
    openMany(urlOf(1), 40),
    openMany(full.url, 1),
  ]).then((all) => all.flat());
  await waitUntil(() => streams.every(({ heartbeats }) => heartbeats > 3), "some time to pass", 20_000);
  expect(streams.filter(({ ended }) => ended)).toEqual([]);
  expect(await Promise.all([0, 1].map((node) => shedBy(urlOf(node))))).toEqual([0, 0]);
  for (const stream of streams) stream.close();
  await full.kill();
});

test("where a balancer sends them back to their node, few are ended, less and less often, and none twice", async () => {
  const opened: number[] = [];
  const over = new AbortController();
  const stay = async (client: number): Promise<void> => {
    while (!over.signal.aborted) {
      const stream = await openSubscribed(urlOf(0));
      opened[client] = (opened[client] ?? 0) + 1;
      await waitUntil(() => stream.ended || over.signal.aborted, "the end of a stream", 60_000);
      stream.close();
    }
  };
  const clients = Promise.all(Array.from({ length: 60 }, (_, client) => stay(client)));
  try {
    const output = (): string => cluster.nodes[0]?.output() ?? "";
    const vainRounds = (): number => output().split("come back to this node").length - 1;
    await waitUntil(() => vainRounds() === 3, "three rounds that were in vain", 40_000);
    const shed = (await shedBy(urlOf(0))) ?? 0;
    expect(shed).toBeGreaterThan(0);
    // six in a round, and a round more for each where a busy machine took slow returns for streams that had gone
    expect(shed).toBeLessThanOrEqual(36);
    expect(Math.max(...opened)).toBe(2);
  } finally {
    over.abort();
    await clients;
  }
});
