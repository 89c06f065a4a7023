export type {
  AppliedChange,
  Backplane,
  BackplaneOptions,
  ClientState,
  EventSource,
  FollowedCollection,
  LastFrame,
  Leaving,
  LogEntry,
  LogExtent,
  NodeAnswers,
  NodeHandlers,
  Progress,
  SeededRow,
} from "./backplane.ts";
export { BackplaneError } from "./backplane-error.ts";
export { defaultKeyPrefix, keyPrefixFault } from "./key-prefix.ts";
export { openBackplane } from "./open-backplane.ts";
export { checkRedis, type RedisFinding } from "./redis/check-redis.ts";
export { openRecordKeeper, type RecordKeeper } from "./redis/record-keeper.ts";
export type { RecordsCheck } from "./redis/records-check.ts";
export { parseRedisUrl, type RedisUrl } from "./redis/redis-url.ts";
export { RedisUrlError } from "./redis/redis-url-error.ts";
