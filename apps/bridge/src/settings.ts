import {
  defaultKeyPrefix,
  keyPrefixFault,
  parseRedisUrl,
  type RedisUrl,
  RedisUrlError,
} from "@sluice/backplane";
import { SettingReader } from "@sluice/settings";
import type { Login } from "./pocketbase-source.ts";

/** Everything that a bridge can be told, parsed once from the environment. */
export interface Settings {
  readonly pocketBaseUrl: string;
  readonly login: Login;
  readonly redisUrl: RedisUrl;
  readonly keyPrefix: string;
  readonly logSeconds: number;
  readonly logEntries: number;
  /** Nothing for all. */
  readonly collections: readonly string[] | undefined;
  /** Further collections whose rows gateways are to keep; `*` for all. */
  readonly follow: readonly string[];
  readonly holdMs: number;
  readonly collectionSeconds: number;
  readonly maxWaiting: number;
  readonly logLevel: string;
}

/** Settings, or one line for each bad value: its name, what was expected, what came. */
export type SettingsParse = { readonly settings: Settings } | { readonly problems: readonly string[] };

/** Reads all settings; every bad value is reported, not only the first. An empty value counts as not set. */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): SettingsParse {
  const read = new SettingReader(env);
  const pocketBaseUrl = readPocketBaseUrl(read);
  const login = readLogin(read);
  const redisUrl = readRedisUrl(read);
  const rest = {
    keyPrefix: readKeyPrefix(read, redisUrl),
    logSeconds: read.integer("LOG_SECONDS", 900, { min: 1 }),
    logEntries: read.integer("LOG_ENTRIES", 200_000, { min: 1 }),
    collections: read.optionalText("COLLECTIONS") === undefined ? undefined : read.list("COLLECTIONS", []),
    follow: read.list("FOLLOW", []),
    holdMs: read.integer("HOLD_MS", 20, { min: 1 }),
    collectionSeconds: read.integer("COLLECTION_SECONDS", 5, { min: 1 }),
    maxWaiting: read.integer("MAX_WAITING_EVENTS", 10_000, { min: 1 }),
    logLevel: read.logLevel(),
  };
  const { problems } = read;
  if (problems.length > 0 || pocketBaseUrl === undefined || login === undefined || redisUrl === undefined) {
    return { problems };
  }
  return { settings: { pocketBaseUrl, login, redisUrl, ...rest } };
}

function readPocketBaseUrl(read: SettingReader): string | undefined {
  const value = read.optionalText("PB_URL");
  if (value !== undefined && /^https?:\/\/[^/]/.test(value) && URL.canParse(value)) return value;
  const expected = "PocketBase's address, as in http://127.0.0.1:8090";
  if (value !== undefined) return read.refuse("PB_URL", expected, undefined);
  read.problems.push(`PB_URL: expected ${expected}, got nothing`);
  return undefined;
}

function readLogin(read: SettingReader): Login | undefined {
  const names = ["PB_TOKEN", "PB_EMAIL", "PB_PASSWORD"];
  const [token, email, password] = names.map((name) => read.optionalText(name));
  if (token !== undefined && email === undefined && password === undefined) return { token };
  if (token === undefined && email !== undefined && password !== undefined) return { email, password };
  const got = names.filter((name) => read.optionalText(name) !== undefined).join(" and ") || "none of them";
  read.problems.push(
    `PB_EMAIL: expected a superuser's PB_EMAIL and PB_PASSWORD, or PB_TOKEN alone, got ${got}`,
  );
  return undefined;
}

function readRedisUrl(read: SettingReader): RedisUrl | undefined {
  const value = read.optionalText("REDIS_URL");
  if (value === undefined) {
    read.problems.push("REDIS_URL: expected the gateways' Redis, as in redis://127.0.0.1:6379, got nothing");
    return undefined;
  }
  try {
    return parseRedisUrl(value);
  } catch (error) {
    if (!(error instanceof RedisUrlError)) throw error;
    return read.refuse("REDIS_URL", error.expected, undefined);
  }
}

function readKeyPrefix(read: SettingReader, url: RedisUrl | undefined): string {
  const prefix = read.text("KEY_PREFIX", defaultKeyPrefix(url));
  const fault = keyPrefixFault(prefix, url);
  return fault === undefined ? prefix : read.refuse("KEY_PREFIX", fault, prefix);
}
