export type {
  Backplane,
  BackplaneOptions,
  ClientState,
  FollowedCollection,
  LastFrame,
  Leaving,
  LogEntry,
  LogExtent,
  NodeAnswers,
  Progress,
  SeededRow,
} from "./backplane.ts";
export { BackplaneError } from "./backplane-error.ts";
export { defaultKeyPrefix, keyPrefixFault } from "./key-prefix.ts";
export type { AppliedChange, EventSource, NodeHandlers } from "./node-handlers.ts";
export { openBackplane } from "./open-backplane.ts";
export { checkRedis, type RedisFinding } from "./redis/check-redis.ts";
export { type Deployment, type DirectoryClient, openDeployment } from "./redis/deployment.ts";
export type { RecordsCheck } from "./redis/records-check.ts";
export type { RedisState } from "./redis/redis-state.ts";
export { parseRedisUrl, type RedisUrl } from "./redis/redis-url.ts";
export { RedisUrlError } from "./redis/redis-url-error.ts";
