import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./free-port.ts";
import { startRedisServer } from "./test-redis.ts";
import { waitUntil } from "./wait-until.ts";

type RedisServer = Awaited<ReturnType<typeof startRedisServer>>;

/** A Redis Cluster of its own. */
export interface RedisCluster {
  /** Of all masters. */
  readonly url: string;
  readonly servers: readonly RedisServer[];
  readonly close: () => Promise<void>;
}

const slots = 16_384;

/** Starts three masters that share the slots. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-cluster-"));
  const servers: RedisServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
    await rm(folder, { recursive: true, force: true });
  };
  const busPorts: number[] = [];
  for (const index of [0, 1, 2]) {
    // its usual place, 10,000 above the other port, may be above all ports
    const busPort = await freePort();
    const names = ["--dir", folder, "--cluster-config-file", `nodes-${index}.conf`];
    const cluster = ["--cluster-enabled", "yes", "--cluster-port", String(busPort)];
    servers.push(await startRedisServer(undefined, [...names, ...cluster]));
    busPorts.push(busPort);
  }
  const masters = servers.map(({ url }) => new Redis(url));
  for (const [index, master] of masters.entries()) {
    const first = Math.ceil((index * slots) / 3);
    const last = Math.ceil(((index + 1) * slots) / 3) - 1;
    await master.call("CLUSTER", "ADDSLOTSRANGE", first, last);
    await master.call("CLUSTER", "MEET", "127.0.0.1", portOf(servers[0]), String(busPorts[0]));
  }
  await waitUntil(
    async () => (await Promise.all(masters.map(isWhole))).every(Boolean),
    "three masters to be a cluster",
    20_000,
  );
  for (const master of masters) master.disconnect();
  return { url: `redis+cluster://${servers.map(hostOf).join(",")}`, servers, close };
}

async function isWhole(master: Redis): Promise<boolean> {
  const info = await master.cluster("INFO");
  return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3");
}

function hostOf({ url }: RedisServer): string {
  return new URL(url).host;
}

function portOf(server: RedisServer | undefined): string {
  return server === undefined ? "" : new URL(server.url).port;
}
