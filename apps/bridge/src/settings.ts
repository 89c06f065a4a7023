import { parseRedisUrl, type RedisUrl, RedisUrlError } from "@sluice/backplane";
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
  readonly collectionSeconds: number;
  readonly maxWaiting: number;
  readonly logLevel: string;
}

/** Settings, or one line for each bad value: its name, what was expected, what came. */
export type SettingsParse = { readonly settings: Settings } | { readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** Reads all settings; every bad value is reported, not only the first. An empty value counts as not set. */
export function parseSettings(env: Environment): SettingsParse {
  const problems: string[] = [];
  const pocketBaseUrl = readUrl(env, problems);
  const login = readLogin(env, problems);
  const redisUrl = readRedisUrl(env, problems);
  const rest = {
    keyPrefix: readKeyPrefix(env, redisUrl?.kind === "cluster", problems),
    logSeconds: readInteger(env, "LOG_SECONDS", 900, problems),
    logEntries: readInteger(env, "LOG_ENTRIES", 200_000, problems),
    collections: readList(env, "COLLECTIONS"),
    follow: readList(env, "FOLLOW") ?? [],
    collectionSeconds: readInteger(env, "COLLECTION_SECONDS", 5, problems),
    maxWaiting: readInteger(env, "MAX_WAITING_EVENTS", 10_000, problems),
    logLevel: readLogLevel(env, problems),
  };
  if (problems.length > 0 || pocketBaseUrl === undefined || login === undefined || redisUrl === undefined) {
    return { problems };
  }
  return { settings: { pocketBaseUrl, login, redisUrl, ...rest } };
}

function text(env: Environment, name: string): string | undefined {
  return env[name] === "" ? undefined : env[name];
}

/** A comma-separated list; blanks around items do not count. */
function readList(env: Environment, name: string): readonly string[] | undefined {
  return text(env, name)
    ?.split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function readUrl(env: Environment, problems: string[]): string | undefined {
  const value = text(env, "PB_URL");
  if (value !== undefined && /^https?:\/\/[^/]/.test(value) && URL.canParse(value)) return value;
  const got = value === undefined ? "nothing" : JSON.stringify(value.replace(/\/\/[^/@]*@/, "//…@"));
  problems.push(`PB_URL: expected PocketBase's address, as in http://127.0.0.1:8090, got ${got}`);
  return undefined;
}

function readLogin(env: Environment, problems: string[]): Login | undefined {
  const [token, email, password] = ["PB_TOKEN", "PB_EMAIL", "PB_PASSWORD"].map((name) => text(env, name));
  if (token !== undefined && email === undefined && password === undefined) return { token };
  if (token === undefined && email !== undefined && password !== undefined) return { email, password };
  const given = Object.entries({ PB_TOKEN: token, PB_EMAIL: email, PB_PASSWORD: password });
  const names = given.flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const got = names.length === 0 ? "none of them" : names.join(" and ");
  problems.push(`PB_EMAIL: expected a superuser's PB_EMAIL and PB_PASSWORD, or PB_TOKEN alone, got ${got}`);
  return undefined;
}

function readRedisUrl(env: Environment, problems: string[]): RedisUrl | undefined {
  const value = text(env, "REDIS_URL");
  if (value === undefined) {
    problems.push("REDIS_URL: expected the gateways' Redis, as in redis://127.0.0.1:6379, got nothing");
    return undefined;
  }
  try {
    return parseRedisUrl(value);
  } catch (error) {
    if (!(error instanceof RedisUrlError)) throw error;
    problems.push(`REDIS_URL: expected ${error.expected}`);
    return undefined;
  }
}

function readKeyPrefix(env: Environment, isCluster: boolean, problems: string[]): string {
  const prefix = text(env, "KEY_PREFIX") ?? (isCluster ? "{rt}:" : "rt:");
  if (!/^[\w:.{}-]+$/.test(prefix)) {
    problems.push(
      `KEY_PREFIX: expected letters, digits and any of : _ - . { }, got ${JSON.stringify(prefix)}`,
    );
  } else if (isCluster && !/^[^{]*\{[^}]+\}/.test(prefix)) {
    problems.push(`KEY_PREFIX: expected a text in braces, as in {rt}:, got ${JSON.stringify(prefix)}`);
  }
  return prefix;
}

function readInteger(env: Environment, name: string, fallback: number, problems: string[]): number {
  const value = text(env, name);
  if (value === undefined) return fallback;
  if (/^[1-9]\d{0,14}$/.test(value)) return Number(value);
  problems.push(`${name}: expected a whole number, 1 or more, got ${JSON.stringify(value)}`);
  return fallback;
}

function readLogLevel(env: Environment, problems: string[]): string {
  const value = text(env, "LOG_LEVEL") ?? "info";
  if (!logLevels.includes(value)) {
    problems.push(`LOG_LEVEL: expected one of ${logLevels.join(", ")}, got ${JSON.stringify(value)}`);
  }
  return value;
}
