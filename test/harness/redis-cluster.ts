import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./free-port.ts";
import { startRedisServer } from "./test-redis.ts";
import { waitUntil } from "./wait-until.ts";

/** A node of a cluster, and a connection to it. */
interface ClusterNode {
  readonly server: Awaited<ReturnType<typeof startRedisServer>>;
  readonly redis: Redis;
  readonly busPort: number;
}

/** A Redis Cluster of its own. */
export interface RedisCluster {
  /** Of the first three nodes. */
  readonly url: string;
  /** The masters, and behind them replicas that were added. */
  readonly nodes: readonly ClusterNode[];
  /** The master that has a key. */
  readonly ownerOf: (key: string) => Promise<ClusterNode>;
  /** Starts a replica of a master; returns when it can take its place. */
  readonly addReplica: (master: ClusterNode) => Promise<ClusterNode>;
  readonly close: () => Promise<void>;
}

const slots = 16_384;

/** Starts three masters that share the slots. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-cluster-"));
  const nodes: ClusterNode[] = [];
  const start = async (): Promise<ClusterNode> => {
    const node = await startNode(folder, nodes.length);
    nodes.push(node);
    const [first = node] = nodes;
    await node.redis.call("CLUSTER", "MEET", "127.0.0.1", new URL(first.server.url).port, first.busPort);
    return node;
  };
  for (const index of [0, 1, 2]) {
    const { redis } = await start();
    await redis.call("CLUSTER", "ADDSLOTSRANGE", firstSlot(index), firstSlot(index + 1) - 1);
  }
  await waitUntil(() => isWhole(nodes), "three masters to be a cluster", 20_000);
  return {
    url: `redis+cluster://${nodes.map(({ server }) => new URL(server.url).host).join(",")}`,
    nodes,
    ownerOf: async (key) => {
      const slot = await nodes[0]?.redis.cluster("KEYSLOT", key);
      const owner = nodes.find((_node, index) => Number(slot) < firstSlot(index + 1));
      if (owner === undefined) throw new TypeError(`expected a master with slot ${slot}`);
      return owner;
    },
    addReplica: async (master) => {
      const replica = await start();
      await waitUntil(() => isWhole(nodes), "the replica to be known", 20_000);
      await replica.redis.call("CLUSTER", "REPLICATE", String(await master.redis.call("CLUSTER", "MYID")));
      const id = String(await replica.redis.call("CLUSTER", "MYID"));
      await waitUntil(() => isReplica(id, nodes), "the replica to be known as one", 20_000);
      return replica;
    },
    close: async () => {
      for (const { redis } of nodes) redis.disconnect();
      await Promise.all(nodes.map(({ server }) => server.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startNode(folder: string, index: number): Promise<ClusterNode> {
  // its usual place, 10,000 above the other port, may be above all ports
  const busPort = await freePort();
  const cluster = ["--cluster-enabled", "yes", "--cluster-port", String(busPort)];
  const files = ["--dir", folder, "--cluster-config-file", `nodes-${index}.conf`];
  const server = await startRedisServer(undefined, [...cluster, ...files, "--repl-diskless-sync-delay", "0"]);
  const redis = new Redis(server.url);
  redis.on("error", () => undefined);
  return { server, redis, busPort };
}

function firstSlot(master: number): number {
  return Math.ceil((master * slots) / 3);
}

async function isWhole(nodes: readonly ClusterNode[]): Promise<boolean> {
  const infos = await Promise.all(nodes.map(({ redis }) => redis.cluster("INFO")));
  const parts = ["cluster_state:ok", `cluster_known_nodes:${nodes.length}\r`];
  return infos.every((info) => parts.every((part) => info.includes(part)));
}

async function isReplica(id: string, nodes: readonly ClusterNode[]): Promise<boolean> {
  const views = await Promise.all(nodes.map(({ redis }) => redis.call("CLUSTER", "NODES")));
  return views.every((view) => new RegExp(`^${id} .*slave.* connected`, "m").test(String(view)));
}
