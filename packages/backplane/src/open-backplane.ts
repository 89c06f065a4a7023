import type { Backplane, BackplaneOptions, NodeHandlers } from "./backplane.ts";
import { MemoryBackplane } from "./memory/memory-backplane.ts";
import { openRedisBackplane } from "./redis/redis-backplane.ts";

/**
 * Joins this node to the others.
 * @param url `redis://` or `rediss://`; nothing for the embedded backplane: one node, in memory
 * @throws {BackplaneError} `unavailable` where Redis does not answer within ten seconds
 */
export function openBackplane(
  url: string | undefined,
  options: BackplaneOptions,
  handlers: NodeHandlers,
): Promise<Backplane> {
  if (url === undefined) return Promise.resolve(new MemoryBackplane(options, handlers));
  return openRedisBackplane(url, options, handlers);
}
