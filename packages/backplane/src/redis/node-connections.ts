import type { Redis } from "ioredis";
import type { BackplaneOptions } from "../backplane.ts";
import { connectRedis } from "./connection.ts";
import { keysUnder } from "./keys.ts";
import type { RedisUrl } from "./redis-url.ts";
import { watchSentinels } from "./sentinel-watch.ts";

/** A node's three connections: commands, blocking reads of the log, and channels; and those to Sentinels, if any. */
export interface NodeConnections {
  readonly commands: Redis;
  readonly log: Redis;
  readonly channels: Redis;
  readonly sentinels: readonly Redis[];
}

/**
 * Opens all three connections or none: one that is left over would reconnect for ever.
 * @throws {BackplaneError} `unavailable` where Redis does not answer within ten seconds
 */
export async function openNodeConnections(
  url: RedisUrl,
  nodeId: string,
  options: BackplaneOptions,
): Promise<NodeConnections> {
  const { silenceMs, keyPrefix } = options;
  const opened: Redis[] = [];
  // channels are heard on a demoted Redis too, and a node that listens there counts as dead
  const onMisplaced = (): void => {
    for (const redis of opened) if (redis.status === "ready") redis.disconnect(true);
  };
  const connect = async (role: string): Promise<Redis> => {
    const name = `sluice-${nodeId}-${role}`;
    const redis = await connectRedis(url, { name, silenceMs, key: keysUnder(keyPrefix).log, onMisplaced });
    opened.push(redis);
    return redis;
  };
  const opening = [connect("commands"), connect("log"), connect("channels")] as const;
  try {
    const [commands, log, channels] = await Promise.all(opening);
    const sentinels = url.kind === "sentinel" ? watchSentinels(url, onMisplaced) : [];
    return { commands, log, channels, sentinels };
  } catch (error) {
    await Promise.allSettled(opening);
    for (const redis of opened) redis.disconnect();
    throw error;
  }
}
