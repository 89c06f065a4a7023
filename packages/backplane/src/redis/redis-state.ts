import type { Redis } from "ioredis";
import { readInfo } from "./check-redis.ts";

/** What a Redis is, and how much of the log it has; nothing where it does not tell. */
export interface RedisState {
  /** Redis's version, or Valkey's. */
  readonly version: string | undefined;
  /** Whether the log outlives a restart. */
  readonly appendOnly: boolean | undefined;
  readonly evictionPolicy: string | undefined;
  readonly usedBytes: number | undefined;
  /** 0 is no limit. */
  readonly maxBytes: number | undefined;
  readonly logEntries: number | undefined;
  readonly oldestEntry: string | undefined;
  readonly newestEntry: string | undefined;
  /** How far its clock is ahead of this machine's, in milliseconds, give or take half a round trip. */
  readonly clockAheadMs: number;
}

/**
 * Reads what a Redis is.
 * @param log the log's key
 */
export async function readRedisState(redis: Redis, log: string): Promise<RedisState> {
  const info = await readInfo(redis);
  const numberOf = (name: string): number | undefined => {
    const text = info.get(name);
    return text === undefined ? undefined : Number(text);
  };
  const [[oldest], [newest]] = await Promise.all([
    redis.xrange(log, "-", "+", "COUNT", 1),
    redis.xrevrange(log, "+", "-", "COUNT", 1),
  ]);
  const aof = info.get("aof_enabled");
  return {
    version: info.get("valkey_version") ?? info.get("redis_version"),
    appendOnly: aof === undefined ? undefined : aof === "1",
    evictionPolicy: info.get("maxmemory_policy"),
    usedBytes: numberOf("used_memory"),
    maxBytes: numberOf("maxmemory"),
    // no node asks for it, so the user may lack the permission
    logEntries: await redis.xlen(log).catch(() => undefined),
    oldestEntry: oldest?.[0],
    newestEntry: newest?.[0],
    clockAheadMs: await readClockAheadMs(redis),
  };
}

async function readClockAheadMs(redis: Redis): Promise<number> {
  const sentMs = Date.now();
  const [seconds = 0, microseconds = 0] = await redis.time();
  return Math.round(seconds * 1_000 + microseconds / 1_000 - (sentMs + Date.now()) / 2);
}
