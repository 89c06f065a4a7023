import type { Redis } from "ioredis";

/** Reads the stored collections; see `Backplane.readCollections`. */
export async function readStoredCollections(redis: Redis, key: string): Promise<ReadonlyMap<string, string>> {
  return new Map(Object.entries(await redis.hgetall(key)));
}

/**
 * Stores collections, all in one step, and tells every node.
 * @param key of the hash and of the channel
 * @param changes JSON by name; nothing where one is to be forgotten
 */
export async function storeCollections(
  redis: Redis,
  key: string,
  changes: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  const step = redis.multi();
  for (const [name, json] of changes) {
    if (json === undefined) step.hdel(key, name);
    else step.hset(key, name, json);
  }
  for (const name of changes.keys()) step.publish(key, name);
  for (const [error] of (await step.exec()) ?? []) if (error !== null) throw error;
}
