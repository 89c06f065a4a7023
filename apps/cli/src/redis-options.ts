import {
  defaultKeyPrefix,
  type Deployment,
  keyPrefixFault,
  openDeployment,
  parseRedisUrl,
  type RedisUrl,
  RedisUrlError,
} from "@sluice/backplane";
import { type Command, Option } from "commander";
import { ArgumentError } from "./command-error.ts";

/** What every command is given that works on Redis. */
export interface RedisOptions {
  readonly redis?: string;
  readonly prefix?: string;
}

/** Adds the options that say which Redis. */
export function withRedis(command: Command): Command {
  const prefix = "what the gateways' keys begin with (default: rt:, with a cluster {rt}:)";
  return command
    .addOption(new Option("--redis <url>", "the gateways' Redis").env("REDIS_URL"))
    .addOption(new Option("--prefix <prefix>", prefix).env("KEY_PREFIX"));
}

/** Reads which Redis is meant. */
export function redisPlaceOf(options: RedisOptions): { readonly url: RedisUrl; readonly keyPrefix: string } {
  const url = readUrl(options.redis);
  const { prefix: keyPrefix = defaultKeyPrefix(url) } = options;
  const fault = keyPrefixFault(keyPrefix, url);
  if (fault === undefined) return { url, keyPrefix };
  throw new ArgumentError(`--prefix (KEY_PREFIX): expected ${fault}, got "${keyPrefix}"`);
}

/** Works with the deployment that the options name. */
export async function withDeployment<T>(
  options: RedisOptions,
  work: (deployment: Deployment) => Promise<T>,
): Promise<T> {
  const { url, keyPrefix } = redisPlaceOf(options);
  const deployment = await openDeployment(url, keyPrefix);
  try {
    return await work(deployment);
  } finally {
    deployment.close();
  }
}

function readUrl(text: string | undefined): RedisUrl {
  if (text === undefined) throw new ArgumentError("expected --redis or REDIS_URL, got neither");
  try {
    return parseRedisUrl(text);
  } catch (error) {
    if (error instanceof RedisUrlError) throw new ArgumentError(`--redis (REDIS_URL): ${error.message}`);
    throw error;
  }
}
