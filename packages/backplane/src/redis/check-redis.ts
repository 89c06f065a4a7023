import type { Redis } from "ioredis";
import { connectRedis } from "./connection.ts";
import { keysUnder } from "./keys.ts";
import { tryCommands } from "./permissions.ts";
import type { RedisUrl } from "./redis-url.ts";

/** What is not as it should be in a Redis, in one line. */
export interface RedisFinding {
  /** `fatal`: nodes cannot work with it. `unknown`: it could not be looked at. */
  readonly weight: "fatal" | "warning" | "unknown";
  readonly text: string;
}

/** Redis's own limits for those who listen to channels: bytes at once, and bytes for how many seconds. */
const leastHardBytes = 33_554_432;
const leastSoftBytes = 8_388_608;

const silenceMs = 5_000;

/**
 * Looks whether nodes can work with a Redis, without changing anything there.
 * @returns the worst first; nothing where all is well
 * @throws {BackplaneError} `unavailable` where it cannot be reached within ten seconds, or refuses
 */
export async function checkRedis(url: RedisUrl, keyPrefix: string): Promise<readonly RedisFinding[]> {
  const { log } = keysUnder(keyPrefix);
  const connect = (): Promise<Redis> => connectRedis(url, { name: "sluice-check", silenceMs, key: log });
  const redis = await connect();
  try {
    const info = await readInfo(redis);
    const role = checkRole(url, info);
    // whatever else it lacks may be for that reason
    if (role.length > 0) return role;
    const limit = await checkBufferLimit(redis);
    return [
      ...(await checkCommands(redis, await connect(), { url, keyPrefix })),
      ...checkEviction(info),
      ...limit,
    ];
  } finally {
    redis.disconnect();
  }
}

async function checkCommands(
  redis: Redis,
  listener: Redis,
  { url, keyPrefix }: { readonly url: RedisUrl; readonly keyPrefix: string },
): Promise<readonly RedisFinding[]> {
  const { missing, faults } = await tryCommands({ redis, listener, keyPrefix }).finally(() =>
    listener.disconnect(),
  );
  const texts = [...faults];
  const user = url.login.username ?? "default";
  if (missing.size > 0) texts.unshift(`the user ${user} lacks ${[...missing].toSorted().join(" ")}`);
  return texts.map((text) => ({ weight: "fatal", text }));
}

/** What `INFO` tells; empty where it may not be read, which the missing permissions tell. */
export async function readInfo(redis: Redis): Promise<ReadonlyMap<string, string>> {
  const text = await redis.info().catch(() => "");
  return new Map(
    text.split("\r\n").map((line) => [line.split(":")[0] ?? "", line.slice(line.indexOf(":") + 1)]),
  );
}

function checkRole({ kind }: RedisUrl, info: ReadonlyMap<string, string>): readonly RedisFinding[] {
  const version = info.get("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (version !== "" && major * 100 + minor < 602) {
    const reason = "XTRIM MINID, which trims the log by age, came with that";
    return [{ weight: "fatal", text: `expected Redis 6.2 or newer, got ${version}: ${reason}` }];
  }
  // Valkey's own name for it is the second one
  const mode = info.get("redis_mode") ?? info.get("server_mode");
  if (kind !== "cluster" && mode === "cluster") {
    return [
      { weight: "fatal", text: "it is a node of a cluster: expected its URL to begin with redis+cluster://" },
    ];
  }
  if (info.get("role") === "slave") {
    return [{ weight: "fatal", text: "expected a primary, got a replica, which takes no writes" }];
  }
  return [];
}

function checkEviction(info: ReadonlyMap<string, string>): readonly RedisFinding[] {
  const policy = info.get("maxmemory_policy");
  if (policy === "noeviction") return [];
  if (policy === undefined) return [{ weight: "unknown", text: "maxmemory-policy could not be looked at" }];
  const risk = "when memory is short, the log or clients vanish";
  return [{ weight: "warning", text: `expected maxmemory-policy noeviction, got ${policy}: ${risk}` }];
}

async function checkBufferLimit(redis: Redis): Promise<readonly RedisFinding[]> {
  const name = "client-output-buffer-limit";
  let reply: unknown;
  try {
    reply = await redis.config("GET", name);
  } catch {
    return [{ weight: "unknown", text: `${name} could not be looked at: CONFIG GET is not allowed` }];
  }
  const [got = "", hardBytes, softBytes] = /pubsub (\d+) (\d+) \d+/.exec(String(reply)) ?? [];
  if (!isBelow(hardBytes, leastHardBytes) && !isBelow(softBytes, leastSoftBytes)) return [];
  const expected = `pubsub ${leastHardBytes} ${leastSoftBytes} 60`;
  const risk = "a burst of events cuts nodes off";
  return [{ weight: "warning", text: `expected ${name} ${expected} or more, got ${got}: ${risk}` }];
}

/** 0 is no limit. */
function isBelow(bytes: string | undefined, leastBytes: number): boolean {
  return Number(bytes) > 0 && Number(bytes) < leastBytes;
}
