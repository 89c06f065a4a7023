import {
  defaultKeyPrefix,
  keyPrefixFault,
  openRecordKeeper,
  parseRedisUrl,
  type RecordKeeper,
  type RedisUrl,
  RedisUrlError,
} from "@sluice/backplane";
import { ArgumentError } from "./explain-arguments.ts";

/** What every command takes that works on Redis, for `parseArgs`. */
export const redisOptions = {
  redis: { type: "string" },
  prefix: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Its lines of a command's help. */
export const redisHelp = `  --redis URL          as REDIS_URL of the gateways
  --prefix PREFIX      as their KEY_PREFIX (default: rt:, with a cluster {rt}:)`;

/** What came of them. */
export interface RedisArguments {
  readonly redis?: string | undefined;
  readonly prefix?: string | undefined;
}

/** Works with the kept rows that the arguments name. */
export async function withRecordKeeper<T>(
  { redis, prefix }: RedisArguments,
  work: (keeper: RecordKeeper) => Promise<T>,
): Promise<T> {
  const url = readUrl(redis);
  const keeper = await openRecordKeeper(url, readPrefix(prefix, url));
  try {
    return await work(keeper);
  } finally {
    keeper.close();
  }
}

function readPrefix(given: string | undefined, url: RedisUrl): string {
  const prefix = given ?? defaultKeyPrefix(url);
  const fault = keyPrefixFault(prefix, url);
  if (fault !== undefined) throw new ArgumentError(`--prefix: expected ${fault}, got "${prefix}"`);
  return prefix;
}

function readUrl(text: string | undefined): RedisUrl {
  if (text === undefined) throw new ArgumentError("expected --redis, got none");
  try {
    return parseRedisUrl(text);
  } catch (error) {
    if (error instanceof RedisUrlError) throw new ArgumentError(`--redis: ${error.message}`);
    throw error;
  }
}
