import { Redis } from "ioredis";
import { BackplaneError } from "../backplane-error.ts";

/** How long a node may look for Redis when it starts. */
const firstConnectMs = 10_000;

/**
 * Opens one connection, which reconnects by itself for as long as it is not closed. A command on a connection that is
 * down fails at once: nothing is kept for later, since what waits for later may be stale by then.
 * @param name how the connection is called in Redis's client list
 * @param silenceMs ioredis waits for ever on a server that is frozen; past this silence, with a command under way, it
 *   is lost
 * @throws {BackplaneError} `unavailable` where Redis cannot be reached within ten seconds
 */
export async function connectRedis(url: string, name: string, silenceMs: number): Promise<Redis> {
  const redis = new Redis(url, {
    connectionName: name,
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // ioredis forgets the channels when it is cut while it takes them again, and nobody could catch the error
    autoResubscribe: false,
    connectTimeout: 3_000,
    socketTimeout: silenceMs,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 1_000) * (0.75 + Math.random() / 2),
  });
  await firstReady(redis);
  return redis;
}

async function firstReady(redis: Redis): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let lastError: unknown;
  // without a listener ioredis prints every failed attempt
  redis.on("error", (error) => (lastError = error));
  const timer = setTimeout(() => {
    redis.disconnect();
    reject(new BackplaneError(`Redis cannot be reached: ${describe(lastError)}`, { cause: lastError }));
  }, firstConnectMs);
  redis.once("ready", resolve);
  redis.connect().catch((error: unknown) => (lastError = error));
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : "no answer";
}
