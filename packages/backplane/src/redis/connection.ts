import { Redis } from "ioredis";
import { BackplaneError } from "../backplane-error.ts";
import { clusterConnector } from "./cluster-connector.ts";
import { isLasting, wordsFor } from "./connection-fault.ts";
import type { RedisUrl } from "./redis-url.ts";

/** How long a node may look for Redis when it starts. */
const firstConnectMs = 10_000;

const connectMs = 3_000;

/** What Redis says where this is not, or no longer, the one to talk to. */
const misplaced = /^(?:READONLY|MOVED|ASK|CLUSTERDOWN|MASTERDOWN|UNBLOCKED) |-READONLY /;

/** How one connection is opened. */
export interface ConnectionOptions {
  /** How it is called in Redis's client list. */
  readonly name: string;
  /** ioredis waits for ever on a server that is frozen; past this silence, with a command under way, it is lost. */
  readonly silenceMs: number;
  /** A key of the deployment: in a cluster its node is the one to talk to. */
  readonly key: string;
  /** Called where Redis is no longer the one to talk to; the connection reconnects by itself. */
  readonly onMisplaced?: () => void;
}

/**
 * Opens one connection to the Redis that takes writes. It reconnects by itself for as long as it is not closed. A command
 * on a connection that is down fails at once: nothing is kept for later, since what waits for later may be stale by then.
 * @throws {BackplaneError} `unavailable` where Redis cannot be reached within ten seconds, or refuses
 */
export async function connectRedis(url: RedisUrl, options: ConnectionOptions): Promise<Redis> {
  const { name, silenceMs, onMisplaced } = options;
  const redis = new Redis({
    ...placeOf(url, options.key),
    connectionName: name,
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // ioredis forgets the channels when it is cut while it takes them again, and nobody could catch the error
    autoResubscribe: false,
    // one more command that a user would have to be allowed
    disableClientInfo: true,
    connectTimeout: connectMs,
    socketTimeout: silenceMs,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 1_000) * (0.75 + Math.random() / 2),
    reconnectOnError: ({ message }) => {
      if (!misplaced.test(message)) return false;
      onMisplaced?.();
      return true;
    },
  });
  // without a listener ioredis prints every failed attempt
  redis.on("error", () => undefined);
  await firstReady(redis);
  return redis;
}

/** What ioredis is to be told of a URL. */
function placeOf(url: RedisUrl, key: string) {
  const login = { ...url.login, tls: url.tls, db: url.database };
  switch (url.kind) {
    case "single":
      return { ...login, ...url.hosts[0] };
    case "sentinel":
      return {
        ...login,
        sentinels: [...url.hosts],
        name: url.primary,
        sentinelUsername: url.sentinelLogin.username,
        sentinelPassword: url.sentinelLogin.password,
        sentinelCommandTimeout: connectMs,
        sentinelTLS: url.tls,
        enableTLSForSentinelMode: url.tls !== undefined,
      };
    case "cluster":
      return { ...login, Connector: clusterConnector(url, { key, login }) };
  }
}

async function firstReady(redis: Redis): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let lastError: unknown;
  const giveUp = (): void => {
    redis.disconnect();
    reject(new BackplaneError(`Redis cannot be reached: ${wordsFor(lastError)}`, { cause: lastError }));
  };
  const note = (error: Error): void => {
    // each Sentinel has said why before
    if (error.message.startsWith("All sentinels are unreachable")) return;
    lastError = error;
    if (isLasting(error)) giveUp();
  };
  redis.on("error", note).on("sentinelError", note);
  const timer = setTimeout(giveUp, firstConnectMs);
  redis.once("ready", resolve);
  redis.connect().catch((error: unknown) => (lastError ??= error));
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    redis.off("error", note).off("sentinelError", note);
  }
}
