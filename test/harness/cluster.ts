import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { type GatewayEnvironment, type GatewayProcess, startGateways } from "./gateway-process.ts";
import { uniqueKeyPrefix } from "./key-prefix.ts";

/** The collections that the gateways of a test have: `posts` for everybody, `audits` for superusers, `users`. */
export const demoCollectionsFile = fileURLToPath(
  new URL("../../apps/gateway/demo/collections.json", import.meta.url),
);

/** Gateways over one Redis, and a writer's connection to it. */
export interface Cluster {
  readonly nodes: readonly GatewayProcess[];
  readonly redis: Redis;
  readonly redisUrl: string;
  readonly prefix: string;
  /** Publishes through the log. */
  readonly log: (event: unknown) => Promise<void>;
  /** Publishes through a collection's channel. */
  readonly channel: (collection: string, event: unknown) => Promise<void>;
  /** Publishes a custom message. */
  readonly message: (message: unknown) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts gateways over a Redis, under a key prefix of their own. */
export async function startCluster(
  redisUrl: string,
  { nodes: count = 2, env = {} }: { nodes?: number; env?: GatewayEnvironment } = {},
): Promise<Cluster> {
  const prefix = uniqueKeyPrefix();
  const shared = { REDIS_URL: redisUrl, KEY_PREFIX: prefix, COLLECTIONS_FILE: demoCollectionsFile };
  const nodes = await startGateways(count, { ...shared, ...env });
  const redis = new Redis(redisUrl);
  return {
    nodes,
    redis,
    redisUrl,
    prefix,
    log: async (event) => void (await redis.xadd(`${prefix}log`, "*", "event", JSON.stringify(event))),
    channel: async (collection, event) =>
      void (await redis.publish(`${prefix}record:${collection}`, JSON.stringify(event))),
    message: async (message) => void (await redis.publish(`${prefix}message`, JSON.stringify(message))),
    close: async () => {
      await Promise.all(nodes.map((node) => node.kill()));
      redis.disconnect();
    },
  };
}
