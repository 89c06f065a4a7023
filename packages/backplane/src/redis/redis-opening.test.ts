import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { guest } from "@sluice/protocol";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { freePort } from "../../../../test/harness/free-port.ts";
import { openRecordingNode, type RecordingNode } from "../../../../test/harness/recording-node.ts";
import { startRedisServer } from "../../../../test/harness/test-redis.ts";
import { waitUntil } from "../../../../test/harness/wait-until.ts";

const unavailable = { name: "BackplaneError", code: "unavailable" };

function open(redisUrl: string): Promise<RecordingNode> {
  return openRecordingNode({ redisUrl, keyPrefix: "rt:" });
}

/** A Redis of its own and a connection to it. */
async function withRedis(work: (redis: Redis, url: string) => Promise<void>): Promise<void> {
  const server = await startRedisServer();
  const redis = new Redis(server.url);
  try {
    await work(redis, server.url);
  } finally {
    redis.disconnect();
    await server.close();
  }
}

/** How many connections of nodes Redis has. */
async function countConnections(redis: Redis): Promise<number> {
  const lines = String(await redis.call("CLIENT", "LIST")).split("\n");
  return lines.filter((line) => line.includes("name=sluice-")).length;
}

/** A server that takes connections and never says a word. */
async function startSilentServer(): Promise<{ server: Server; port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.resume();
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return { server, port: typeof address === "object" && address !== null ? address.port : 0, sockets };
}

// each takes seconds of waiting and no work: side by side
describe.concurrent("a node that opens", { timeout: 30_000 }, () => {
  test("is told within about ten seconds that nothing listens", async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const startMs = performance.now();
    await expect(open(url)).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining("ECONNREFUSED"),
    });
    expect(performance.now() - startMs).toBeLessThan(12_000);
  });

  test("is told within about ten seconds that Redis is silent, and holds no connection afterwards", async () => {
    const { server, port, sockets } = await startSilentServer();
    const startMs = performance.now();
    await expect(open(`redis://127.0.0.1:${port}`)).rejects.toMatchObject(unavailable);
    expect(performance.now() - startMs).toBeLessThan(12_000);
    await waitUntil(() => sockets.size === 0, "the connections to be closed");
    server.close();
  });

  test("is told why Redis does not take it", async () => {
    await withRedis(async (redis, url) => {
      await redis.config("SET", "requirepass", "secret");
      await expect(open(url)).rejects.toMatchObject({
        ...unavailable,
        message: expect.stringContaining("NOAUTH"),
      });
      const node = await open(url.replace("//", "//:secret@"));
      expect(node.backplane.connected).toBe(true);
      await node.backplane.close();
    });
  });

  test("holds no connection where it finds a log that is none", async () => {
    await withRedis(async (redis, url) => {
      await redis.set("rt:log", "no stream");
      await expect(open(url)).rejects.toMatchObject({
        ...unavailable,
        message: expect.stringContaining("WRONGTYPE"),
      });
      await waitUntil(async () => (await countConnections(redis)) === 0, "the connections to be closed");
    });
  });

  test("holds no connection where Redis takes only some of its three", async () => {
    await withRedis(async (redis, url) => {
      await redis.config("SET", "maxclients", 3);
      await expect(open(url)).rejects.toMatchObject(unavailable);
      await waitUntil(async () => (await countConnections(redis)) === 0, "the connections to be closed");
    });
  });

  test("hears what is written from then on, and nothing from before", async () => {
    await withRedis(async (redis, url) => {
      const first = await open(url);
      await first.backplane.append([{ text: "before" }]);
      const second = await open(url);
      await first.backplane.append([{ text: "after" }]);
      await waitUntil(() => second.events.length > 0, "the event");
      expect(second.events.map(({ text }) => text)).toEqual(["after"]);
      expect(await redis.xlen("rt:log")).toBe(3);
      await Promise.all([first.backplane.close(), second.backplane.close()]);
    });
  });

  test("and holds a client renews both entries before they expire", async () => {
    await withRedis(async (redis, url) => {
      const node = await open(url);
      await node.hold("c1");
      await redis.pexpire("rt:client:c1", 15_000);
      const life = (): Promise<number> => redis.pttl("rt:client:c1");
      await waitUntil(async () => (await life()) > 20_000, "the entry's life to be renewed", 14_000);
      expect(await redis.pttl(`rt:node:${node.backplane.nodeId}`)).toBeGreaterThan(3_000);
      await node.backplane.close();
    });
  });

  test("and closes holds no connection, tells nothing, and does nothing more", async () => {
    await withRedis(async (redis, url) => {
      const node = await open(url);
      expect(await countConnections(redis)).toBe(3);
      await node.backplane.close();
      expect(node.backplane.connected).toBe(false);
      await waitUntil(async () => (await countConnections(redis)) === 0, "the connections to be closed");
      await redis.xadd("rt:log", "*", "event", "text");
      expect(await redis.exists(`rt:node:${node.backplane.nodeId}`)).toBe(0);
      const state = { address: "", identity: guest, subscriptions: [], version: 0, keepsCursor: false };
      await expect(node.backplane.register("c1", state)).rejects.toMatchObject(unavailable);
      await expect(node.backplane.append([{ text: "text" }])).rejects.toMatchObject(unavailable);
      await node.backplane.unregister("c1", { wasSubscribed: true });
      expect([node.events, node.connections, node.faults]).toEqual([[], [], []]);
    });
  });
});
