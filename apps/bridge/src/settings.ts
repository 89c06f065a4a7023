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
  const settings = readSettings(read);
  return settings === undefined ? { problems: read.problems } : { settings };
}

/**
 * Asks a reader for every setting, and says of each what it is for: `npm run docs` writes the table of `docs/migrate.md`
 * from that.
 * @returns nothing where one is bad; the reader has the problems
 */
export function readSettings(read: SettingReader): Settings | undefined {
  const pocketBaseUrl = readPocketBaseUrl(read);
  const login = readLogin(read);
  const redisUrl = readRedisUrl(read);
  const rest = {
    keyPrefix: readKeyPrefix(read, redisUrl),
    logSeconds: read.integer("LOG_SECONDS", 900, "as the gateways have it", { min: 1 }),
    logEntries: read.integer("LOG_ENTRIES", 200_000, "as the gateways have it", { min: 1 }),
    collections: readCollections(read),
    follow: read.list(
      "FOLLOW",
      [],
      "further collections whose rows nodes keep, or `*`: auth collections, what a relation points to and what rules take are kept anyway. Back relations in `expand` and in clients' filters need it",
    ),
    holdMs: read.integer(
      "HOLD_MS",
      20,
      "how long a change waits for older ones that PocketBase tells later",
      {
        min: 1,
      },
    ),
    collectionSeconds: read.integer(
      "COLLECTION_SECONDS",
      5,
      "how often PocketBase's collections are looked at: it tells nobody of changes in them",
      { min: 1 },
    ),
    maxWaiting: read.integer(
      "MAX_WAITING_EVENTS",
      10_000,
      "most changes that wait for Redis; beyond that, all rows are compared when it is back",
      { min: 1 },
    ),
    logLevel: read.logLevel(),
  };
  const isBad = read.problems.length > 0;
  if (isBad || pocketBaseUrl === undefined || login === undefined || redisUrl === undefined) return undefined;
  return { pocketBaseUrl, login, redisUrl, ...rest };
}

function readCollections(read: SettingReader): readonly string[] | undefined {
  const meaning = "those whose records are bridged. None: all but views and PocketBase's own";
  const names = read.list("COLLECTIONS", [], meaning);
  return read.isSet("COLLECTIONS") ? names : undefined;
}

function readPocketBaseUrl(read: SettingReader): string | undefined {
  const expected = "PocketBase's address, as in http://127.0.0.1:8090";
  const value = read.optionalText("PB_URL", "which PocketBase; required", expected);
  if (value !== undefined && /^https?:\/\/[^/]/.test(value) && URL.canParse(value)) return value;
  if (value !== undefined) return read.refuse("PB_URL", expected, undefined);
  read.problems.push(`PB_URL: expected ${expected}, got nothing`);
  return undefined;
}

function readLogin(read: SettingReader): Login | undefined {
  const email = read.optionalText("PB_EMAIL", "a superuser's; required, but for `PB_TOKEN`");
  const password = read.optionalText("PB_PASSWORD", "its password");
  const token = read.optionalText(
    "PB_TOKEN",
    "in place of both a superuser's token, to be replaced before it expires",
  );
  if (token !== undefined && email === undefined && password === undefined) return { token };
  if (token === undefined && email !== undefined && password !== undefined) return { email, password };
  const names = ["PB_TOKEN", "PB_EMAIL", "PB_PASSWORD"];
  const got = names.filter((name) => read.isSet(name)).join(" and ") || "none of them";
  read.problems.push(
    `PB_EMAIL: expected a superuser's PB_EMAIL and PB_PASSWORD, or PB_TOKEN alone, got ${got}`,
  );
  return undefined;
}

function readRedisUrl(read: SettingReader): RedisUrl | undefined {
  const expected = "the gateways' Redis, as in redis://127.0.0.1:6379";
  const value = read.optionalText("REDIS_URL", "as the gateways have it; required", expected);
  if (value === undefined) {
    read.problems.push(`REDIS_URL: expected ${expected}, got nothing`);
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
  const prefix = read.text("KEY_PREFIX", defaultKeyPrefix(url), "as the gateways have it");
  const fault = keyPrefixFault(prefix, url);
  return fault === undefined ? prefix : read.refuse("KEY_PREFIX", fault, prefix);
}
