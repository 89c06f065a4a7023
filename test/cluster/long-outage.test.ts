import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { type GatewayProcess, startGateways } from "../harness/gateway-process.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { waitUntil } from "../harness/wait-until.ts";

/** Works with a Redis, and ends the connection. */
async function ask<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

async function write(url: string, id: string): Promise<void> {
  const event = { collection: "posts", action: "create", record: { id } };
  await ask(url, (redis) => redis.xadd("rt:log", "*", "event", JSON.stringify(event)));
}

async function isDegraded({ url }: GatewayProcess): Promise<boolean> {
  const response = await fetch(`${url}/readyz`);
  expect(response.status).toBe(200);
  return (await response.text()).includes("degraded");
}

test("P5: Redis is away for longer than nodes and clients live there: streams stay, and nothing is lost", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-outage-"));
  const durable = ["--dir", folder, "--appendonly", "yes", "--appendfsync", "always"];
  let server = await startRedisServer(undefined, durable);
  const { url } = server;
  const nodes = await startGateways(2, { REDIS_URL: url, COLLECTIONS_FILE: demoCollectionsFile });
  const streams = await Promise.all(nodes.map((node) => SseReader.open(node.url)));
  const post = async (index: number): Promise<number> => {
    const clientId = streams[index]?.clientId ?? "";
    return (await postSubscriptions(nodes[1 - index]?.url ?? "", clientId, ["posts/*"])).status;
  };
  expect([await post(0), await post(1)]).toEqual([204, 204]);
  await write(url, "before");
  for (const stream of streams) await stream.waitForCount(1);

  await server.close();
  await waitUntil(async () => (await Promise.all(nodes.map(isDegraded))).every(Boolean), "the loss", 20_000);
  // what an outage leaves of keys that expire, without waiting for it: only what lives as long as the log
  const meanwhile = await startRedisServer(undefined, durable);
  await ask(meanwhile.url, async (redis) => {
    const names = await redis.keys("*");
    await redis.del(names.filter((name) => !["rt:log", "rt:ticket"].includes(name)));
    expect(names).toEqual(
      expect.arrayContaining([expect.stringMatching("rt:client:"), expect.stringMatching("rt:node:")]),
    );
  });
  await meanwhile.close();
  server = await startRedisServer(Number(new URL(url).port), durable);

  await write(url, "after");
  for (const [index, stream] of streams.entries()) {
    await stream.waitForCount(2, 20_000);
    let status = 0;
    await waitUntil(async () => (status = await post(index)) !== 503, "requests to be taken again", 20_000);
    expect(status).toBe(204);
    const ids = stream.events("posts/*").map(({ data }) => JSON.parse(data ?? "").record.id);
    expect([ids, stream.ended]).toEqual([["before", "after"], false]);
    stream.close();
  }
  await Promise.all(nodes.map((node) => node.kill()));
  await server.close();
  await rm(folder, { recursive: true });
});
