import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./free-port.ts";
import { startRedisServer } from "./test-redis.ts";
import { waitUntil } from "./wait-until.ts";

type RedisServer = Awaited<ReturnType<typeof startRedisServer>>;

/** A primary, its replica and a Sentinel, which all want a password. */
export interface RedisSentinel {
  /** Names a Sentinel that is not there in front of the one that is. */
  readonly url: string;
  /** Connects as a writer does, through the Sentinel. */
  readonly connect: () => Redis;
  /** Connections to both servers: the first primary, and the first replica. */
  readonly both: readonly [Redis, Redis];
  readonly servers: readonly [RedisServer, RedisServer];
  /** What the Sentinel is asked with. */
  readonly sentinel: Redis;
  readonly close: () => Promise<void>;
}

const password = "of-the-data";
const sentinelPassword = "of-the-sentinel";
const primaryName = "mymaster";

/** Starts them; returns when the Sentinel knows the replica and the replica has all. */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-sentinel-"));
  // a replica that waits for others to come along takes seconds
  const login = ["--requirepass", password, "--masterauth", password, "--repl-diskless-sync-delay", "0"];
  const primary = await startRedisServer(undefined, ["--dir", folder, ...login]);
  const { port } = new URL(primary.url);
  const replica = await startRedisServer(undefined, [
    "--dir",
    folder,
    ...login,
    "--replicaof",
    `127.0.0.1 ${port}`,
  ]);
  const sentinelPort = await freePort();
  const file = join(folder, "sentinel.conf");
  await writeFile(
    file,
    `port ${sentinelPort}
bind 127.0.0.1
dir ${folder}
requirepass ${sentinelPassword}
sentinel monitor ${primaryName} 127.0.0.1 ${port} 1
sentinel auth-pass ${primaryName} ${password}
sentinel down-after-milliseconds ${primaryName} 1000
sentinel failover-timeout ${primaryName} 10000
`,
  );
  const child = spawn("redis-server", [file, "--sentinel"], { stdio: "ignore" });
  const sentinel = new Redis({ port: sentinelPort, password: sentinelPassword });
  sentinel.on("error", () => undefined);
  const both = [open(primary.url), open(replica.url)] as const;
  await waitUntil(
    async () => (await both[1].info("replication")).includes("master_link_status:up"),
    "the replica to have all",
    20_000,
  );
  await waitUntil(
    async () => JSON.stringify(await sentinel.call("SENTINEL", "REPLICAS", primaryName)).includes('"slave"'),
    "the Sentinel to know the replica",
    20_000,
  );
  const close = async (): Promise<void> => {
    for (const redis of [sentinel, ...both]) redis.disconnect();
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await Promise.all([primary.close(), replica.close()]);
    await rm(folder, { recursive: true, force: true });
  };
  const hosts = `127.0.0.1:1,127.0.0.1:${sentinelPort}`;
  return {
    url: `redis+sentinel://:${password}@${hosts}/${primaryName}?sentinelPassword=${sentinelPassword}`,
    connect: () => {
      const sentinels = [{ host: "127.0.0.1", port: sentinelPort }];
      const redis = new Redis({ sentinels, name: primaryName, password, sentinelPassword });
      redis.on("error", () => undefined);
      return redis;
    },
    both,
    servers: [primary, replica],
    sentinel,
    close,
  };
}

function open(url: string): Redis {
  const redis = new Redis(url, { password });
  redis.on("error", () => undefined);
  return redis;
}
