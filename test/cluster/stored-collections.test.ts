import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type GatewayProcess, startGateways } from "../harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";

const prefix = uniqueKeyPrefix();
let redis: Redis;
let nodes: readonly GatewayProcess[];
beforeAll(async () => {
  redis = new Redis(inject("redisUrl"));
  await store("posts", { listRule: null });
  nodes = await startGateways(2, { REDIS_URL: inject("redisUrl"), KEY_PREFIX: prefix });
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.kill()));
  redis.disconnect();
});

/** Stores a collection as its owner would, with any client. */
async function store(name: string, more: Readonly<Record<string, unknown>>): Promise<void> {
  const collection = { name, fields: [{ name: "id", type: "text" }], ...more };
  await redis.hset(`${prefix}collections`, name, JSON.stringify(collection));
  await redis.publish(`${prefix}collections`, name);
}

async function write(id: string): Promise<void> {
  const event = { collection: "posts", action: "create", record: { id } };
  await redis.xadd(`${prefix}log`, "*", "event", JSON.stringify(event));
}

const isTold = (node: GatewayProcess): boolean =>
  node.output().includes('broken: [0] \\"broken\\".fields: expected');

const loads = (node: GatewayProcess): number => node.output().split('"msg":"collections loaded"').length - 1;

test("collections come from Redis, on every node, and their changes with them; a bad one harms no other", async () => {
  const streams = await Promise.all(nodes.map((node) => SseReader.open(node.url)));
  await Promise.all(
    streams.map(({ clientId }, index) => postSubscriptions(nodes[index]?.url ?? "", clientId, ["posts/*"])),
  );
  await write("unseen");
  const before = nodes.map(loads);
  await store("posts", { listRule: "" });
  await waitUntil(
    () => nodes.every((node, index) => loads(node) > (before[index] ?? 0)),
    "the changed collection",
  );
  await write("seen");
  await store("broken", { fields: 5 });
  await waitUntil(() => nodes.every(isTold), "a line about the broken one");
  await write("still seen");
  for (const stream of streams) {
    await stream.waitForCount(2);
    expect(stream.events().map(({ data }) => /"id":"([^"]*)"/.exec(data ?? "")?.[1])).toEqual([
      "seen",
      "still seen",
    ]);
    stream.close();
  }
});
