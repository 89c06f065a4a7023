import type { Backplane, BackplaneOptions } from "./backplane.ts";
import { MemoryBackplane } from "./memory/memory-backplane.ts";
import type { NodeHandlers } from "./node-handlers.ts";
import { openRedisBackplane } from "./redis/redis-backplane.ts";
import type { RedisUrl } from "./redis/redis-url.ts";

/**
 * Joins this node to the others.
 * @param url nothing for the embedded backplane: one node, in memory
 * @throws {BackplaneError} `unavailable` where Redis does not answer within ten seconds
 */
export function openBackplane(
  url: RedisUrl | undefined,
  options: BackplaneOptions,
  handlers: NodeHandlers,
): Promise<Backplane> {
  if (url === undefined) return Promise.resolve(new MemoryBackplane(options, handlers));
  return openRedisBackplane(url, options, handlers);
}
