import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { type DelayingProxy, startDelayingProxy } from "../harness/delaying-proxy.ts";
import { startGateway, type GatewayProcess } from "../harness/gateway-process.ts";
import { seededRandom } from "../harness/seeded-random.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { demoCollectionsFile } from "../harness/cluster.ts";

const rounds = 500;
const lanes = 10;
const maxPosts = 5;

let cluster: Cluster;
let proxy: DelayingProxy;
let slowNode: GatewayProcess;
beforeAll(async () => {
  const redisUrl = inject("redisUrl");
  cluster = await startCluster(redisUrl, { nodes: 1 });
  // one node's way to Redis is slow at random, the other's is not
  proxy = await startDelayingProxy(Number(new URL(redisUrl).port), {
    maxDelayMs: 8,
    random: seededRandom(7),
  });
  slowNode = await startGateway({
    REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
    KEY_PREFIX: cluster.prefix,
    COLLECTIONS_FILE: demoCollectionsFile,
  });
});
afterAll(async () => {
  await slowNode.kill();
  proxy.close();
  await cluster.close();
});

interface Race {
  readonly stream: SseReader;
  readonly topics: readonly string[];
}

/** Sends POSTs to both nodes as the older SDKs do: each aborts the one before. The last is waited for. */
async function race(round: number, random: () => number): Promise<Race> {
  const nodes = [cluster.nodes[0]?.url ?? "", slowNode.url];
  const stream = await SseReader.open(nodes[round % 2] ?? "");
  const topics = Array.from(
    { length: 2 + Math.floor(random() * (maxPosts - 1)) },
    (_, post) => `race/${round}/${post}`,
  );
  let abort = new AbortController();
  let answer: Promise<number | "aborted"> = Promise.resolve("aborted");
  for (const topic of topics) {
    abort.abort();
    abort = new AbortController();
    const node = nodes[Math.floor(random() * 2)] ?? "";
    answer = sendPost(node, { clientId: stream.clientId, subscriptions: [topic] }, abort.signal);
    await delay(random() * 12);
  }
  expect(await answer).toBe(204);
  return { stream, topics };
}

async function sendPost(node: string, body: unknown, signal: AbortSignal): Promise<number | "aborted"> {
  const headers = { "Content-Type": "application/json" };
  try {
    const response = await fetch(`${node}/api/realtime`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal,
    });
    return response.status;
  } catch (error) {
    if (signal.aborted) return "aborted";
    throw error;
  }
}

/** Sends a message to every topic of a race, the last one last, and returns those that were heard. */
async function heardTopics({ stream, topics }: Race, data: number): Promise<readonly string[]> {
  for (const topic of topics) await cluster.message({ topic, data });
  const last = topics.at(-1);
  await stream.waitFor(
    (frame) => frame.event === last && frame.data === String(data),
    `message ${data} on ${last}`,
  );
  return stream
    .events()
    .filter((frame) => frame.data === String(data))
    .map((frame) => frame.event ?? "");
}

test(`in ${rounds} races of aborted POSTs on two nodes the final set is always that of the last one`, async () => {
  const races: Race[] = [];
  const runLane = async (lane: number): Promise<void> => {
    const random = seededRandom(lane);
    for (let round = lane; round < rounds; round += lanes) {
      const run = await race(round, random);
      expect(await heardTopics(run, 1), `round ${round}`).toEqual(run.topics.slice(-1));
      races.push(run);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane)));
  // a POST that came late would have changed the set behind the first look
  for (const run of races) expect(await heardTopics(run, 2)).toEqual(run.topics.slice(-1));
  for (const { stream, topics } of races) {
    const stored = await cluster.redis.hget(`${cluster.prefix}client:${stream.clientId}`, "subscriptions");
    expect(stored).toBe(JSON.stringify(topics.slice(-1)));
    stream.close();
  }
});
