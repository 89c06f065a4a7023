export type {
  AppliedChange,
  Backplane,
  BackplaneOptions,
  ClientState,
  EventSource,
  LastFrame,
  Leaving,
  LogEntry,
  LogExtent,
  NodeHandlers,
  Progress,
} from "./backplane.ts";
export { BackplaneError } from "./backplane-error.ts";
export { openBackplane } from "./open-backplane.ts";
export { checkRedis, type RedisFinding } from "./redis/check-redis.ts";
export { parseRedisUrl, type RedisUrl } from "./redis/redis-url.ts";
export { RedisUrlError } from "./redis/redis-url-error.ts";
