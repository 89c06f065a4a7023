import { createPublicKey, type KeyObject } from "node:crypto";
import {
  defaultKeyPrefix,
  keyPrefixFault,
  parseRedisUrl,
  type RedisUrl,
  RedisUrlError,
} from "@sluice/backplane";
import { SettingReader } from "@sluice/settings";

/** Everything that a gateway can be told, parsed once from the environment. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  /** Nothing for the embedded backplane. */
  readonly redisUrl: RedisUrl | undefined;
  readonly keyPrefix: string;
  readonly logSeconds: number;
  readonly logEntries: number;
  readonly orphanSeconds: number;
  readonly collectionsFile: string | undefined;
  readonly auth: AuthSettings;
  readonly streams: StreamSettings;
  readonly limits: LimitSettings;
  readonly maxEventBytes: number;
  readonly requestSeconds: number;
  readonly corsOrigins: readonly string[];
  /** In lower case. */
  readonly trustedProxyHeader: string | undefined;
  readonly checkAddress: boolean;
  /** Whether superusers have the console, and the parts of it that change rules and sign tokens. */
  readonly console: boolean;
  readonly playground: boolean;
  /** Most rows of one followed collection. */
  readonly followMaxRecords: number;
  readonly drainSeconds: number;
  readonly shedSeconds: number;
  /** Gateways on one port, each a process and a node of its own. */
  readonly workers: number;
  readonly logLevel: string;
}

/** Which tokens are good. Without any key every token is bad. */
export interface AuthSettings {
  readonly secret: string | undefined;
  readonly jwksUrl: URL | undefined;
  readonly publicKey: KeyObject | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly collection: string;
}

/** What one address or identity may ask for; 0 is no limit. */
export interface LimitSettings {
  readonly addressConnectsPerMinute: number;
  readonly addressPostsPerMinute: number;
  readonly identityPostsPerMinute: number;
  /** Of this node. */
  readonly maxStreamsPerAddress: number;
  /** Of all nodes. */
  readonly maxStreamsPerIdentity: number;
}

/** The limits of a stream; 0 seconds is no limit. */
export interface StreamSettings {
  readonly idleSeconds: number;
  readonly streamSeconds: number;
  readonly heartbeatSeconds: number;
  readonly stallSeconds: number;
  readonly maxStreams: number;
  readonly maxOutboxBytes: number;
  readonly maxTotalOutboxBytes: number;
}

/** Settings, or one line for each bad value: its name, what was expected, what came. */
export type SettingsParse = { readonly settings: Settings } | { readonly problems: readonly string[] };

/** Reads all settings; every bad value is reported, not only the first. */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): SettingsParse {
  const read = new SettingReader(env);
  const settings: Settings = {
    host: read.text("HOST", "0.0.0.0"),
    port: read.integer("PORT", 8080, { min: 0, max: 65_535 }),
    ...readRedis(read),
    logSeconds: read.integer("LOG_SECONDS", 900, { min: 1 }),
    logEntries: read.integer("LOG_ENTRIES", 200_000, { min: 1 }),
    orphanSeconds: read.integer("ORPHAN_SECONDS", 60, { min: 0 }),
    collectionsFile: read.optionalText("COLLECTIONS_FILE"),
    auth: readAuth(read),
    streams: readStreams(read),
    limits: readLimits(read),
    maxEventBytes: read.integer("MAX_EVENT_BYTES", 1_048_576, { min: 1 }),
    requestSeconds: read.integer("REQUEST_SECONDS", 30, { min: 1 }),
    corsOrigins: read.list("CORS_ORIGINS", ["*"]),
    trustedProxyHeader: read.optionalText("TRUSTED_PROXY_HEADER")?.toLowerCase(),
    checkAddress: read.boolean("CHECK_ADDRESS", false),
    console: read.boolean("CONSOLE", true),
    playground: read.boolean("PLAYGROUND", isDemo(read)),
    followMaxRecords: read.integer("FOLLOW_MAX_RECORDS", 200_000, { min: 0 }),
    drainSeconds: read.integer("DRAIN_SECONDS", 20, { min: 0 }),
    shedSeconds: read.integer("SHED_SECONDS", 180, { min: 0 }),
    workers: read.integer("WORKERS", 1, { min: 1, max: 128 }),
    logLevel: read.logLevel(),
  };
  if (settings.workers > 1 && read.optionalText("REDIS_URL") === undefined) {
    read.problems.push(
      `WORKERS: expected 1 without REDIS_URL, since the embedded backplane is one node, got "${settings.workers}"`,
    );
  }
  return read.problems.length === 0 ? { settings } : { problems: read.problems };
}

function readRedis(read: SettingReader): Pick<Settings, "redisUrl" | "keyPrefix"> {
  const redisUrl = readRedisUrl(read);
  return { redisUrl, keyPrefix: readKeyPrefix(read, redisUrl) };
}

function readRedisUrl(read: SettingReader): RedisUrl | undefined {
  const text = read.optionalText("REDIS_URL");
  try {
    return text === undefined ? undefined : parseRedisUrl(text);
  } catch (error) {
    if (!(error instanceof RedisUrlError)) throw error;
    return read.refuse("REDIS_URL", error.expected, undefined);
  }
}

function readKeyPrefix(read: SettingReader, url: RedisUrl | undefined): string {
  const prefix = read.text("KEY_PREFIX", defaultKeyPrefix(url));
  const fault = keyPrefixFault(prefix, url);
  return fault === undefined ? prefix : read.refuse("KEY_PREFIX", fault, defaultKeyPrefix(url));
}

function readAuth(read: SettingReader): AuthSettings {
  const jwksUrl = read.url("AUTH_JWKS_URL", ["http:", "https:"]);
  const publicKey = read.parsed("AUTH_PUBLIC_KEY", parsePublicKey, "a public key in PEM form");
  if (jwksUrl !== undefined && publicKey !== undefined) {
    read.problems.push("AUTH_PUBLIC_KEY: expected only one of AUTH_JWKS_URL and AUTH_PUBLIC_KEY, got both");
  }
  return {
    secret: read.optionalText("AUTH_SECRET"),
    jwksUrl,
    publicKey,
    issuer: read.optionalText("AUTH_ISSUER"),
    audience: read.optionalText("AUTH_AUDIENCE"),
    collection: read.text("AUTH_COLLECTION", "users"),
  };
}

/** Whether a gateway can only be tried: without Redis one that has no key makes a secret for its run. */
function isDemo(read: SettingReader): boolean {
  const names = ["REDIS_URL", "AUTH_SECRET", "AUTH_JWKS_URL", "AUTH_PUBLIC_KEY"];
  return names.every((name) => read.optionalText(name) === undefined);
}

/** Environment files often carry a PEM on one line, its line ends written as `\n`. */
function parsePublicKey(pem: string): KeyObject {
  return createPublicKey(pem.replaceAll(String.raw`\n`, "\n"));
}

function readStreams(read: SettingReader): StreamSettings {
  return {
    idleSeconds: read.integer("IDLE_SECONDS", 300, { min: 0 }),
    streamSeconds: read.integer("STREAM_SECONDS", 1_800, { min: 0 }),
    heartbeatSeconds: read.integer("HEARTBEAT_SECONDS", 20, { min: 0 }),
    stallSeconds: read.integer("STALL_SECONDS", 30, { min: 1 }),
    maxStreams: read.integer("MAX_STREAMS", 50_000, { min: 1 }),
    maxOutboxBytes: read.integer("MAX_OUTBOX_BYTES", 1_048_576, { min: 1 }),
    maxTotalOutboxBytes: read.integer("MAX_TOTAL_OUTBOX_BYTES", 268_435_456, { min: 1 }),
  };
}

function readLimits(read: SettingReader): LimitSettings {
  return {
    addressConnectsPerMinute: read.integer("ADDRESS_CONNECTS_PER_MINUTE", 0, { min: 0 }),
    addressPostsPerMinute: read.integer("ADDRESS_POSTS_PER_MINUTE", 0, { min: 0 }),
    identityPostsPerMinute: read.integer("IDENTITY_POSTS_PER_MINUTE", 0, { min: 0 }),
    maxStreamsPerAddress: read.integer("MAX_STREAMS_PER_ADDRESS", 0, { min: 0 }),
    maxStreamsPerIdentity: read.integer("MAX_STREAMS_PER_IDENTITY", 0, { min: 0 }),
  };
}
