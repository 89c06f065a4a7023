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
  const settings = readSettings(read);
  return read.problems.length === 0 ? { settings } : { problems: read.problems };
}

/** Asks a reader for every setting, and says of each what it is for: `npm run docs` writes `docs/settings.md` from that. */
export function readSettings(read: SettingReader): Settings {
  const settings: Settings = {
    host: read.text("HOST", "0.0.0.0", "the address to listen on"),
    port: read.integer("PORT", 8080, "the port to listen on; 0 takes a free one", { max: 65_535 }),
    ...readRedis(read),
    collectionsFile: read.optionalText(
      "COLLECTIONS_FILE",
      "a JSON array as PocketBase exports it; watched, and a bad change keeps the old one. None: [the hash `rt:collections`](../packages/protocol/PROTOCOL.md#collections)",
      "a file",
    ),
    auth: readAuth(read),
    streams: readStreams(read),
    limits: readLimits(read),
    followMaxRecords: read.integer(
      "FOLLOW_MAX_RECORDS",
      200_000,
      "most rows of one collection that this node follows for rules and `expand`: over it, what takes them denies",
    ),
    maxEventBytes: read.integer("MAX_EVENT_BYTES", 1_048_576, "larger events are refused", { min: 1 }),
    requestSeconds: read.integer(
      "REQUEST_SECONDS",
      30,
      "a request that is not here with head and body after this is answered 408; streams are not meant",
      { min: 1 },
    ),
    ...readLog(read),
    corsOrigins: read.list("CORS_ORIGINS", ["*"], "`https://*.example.com` matches subdomains"),
    ...readAddress(read),
    console: read.boolean("CONSOLE", true, "whether superusers have the [console](console.md) at `/console`"),
    playground: read.boolean(
      "PLAYGROUND",
      isDemo(read),
      "whether they can change rules and sign tokens there, at `/console/play`; `false` where there is Redis, or a key of yours",
    ),
    drainSeconds: read.integer(
      "DRAIN_SECONDS",
      20,
      "over how long [SIGTERM](operate.md#draining) ends the streams; a second signal exits at once",
    ),
    shedSeconds: read.integer(
      "SHED_SECONDS",
      180,
      "about how long streams take to [even out](scaling.md#scale-out) after nodes were added: a node with more than its share ends some; 0 = never",
    ),
    workers: read.integer(
      "WORKERS",
      1,
      "gateway processes on this port, each a node of its own, with all limits for itself; needs `REDIS_URL`. [How many](scaling.md#replicas-or-workers)",
      { min: 1, max: 128 },
    ),
    logLevel: read.logLevel(),
  };
  if (settings.workers > 1 && !read.isSet("REDIS_URL")) {
    read.problems.push(
      `WORKERS: expected 1 without REDIS_URL, since the embedded backplane is one node, got "${settings.workers}"`,
    );
  }
  return settings;
}

function readRedis(read: SettingReader): Pick<Settings, "redisUrl" | "keyPrefix"> {
  const redisUrl = readRedisUrl(read);
  return { redisUrl, keyPrefix: readKeyPrefix(read, redisUrl) };
}

function readRedisUrl(read: SettingReader): RedisUrl | undefined {
  const text = read.optionalText(
    "REDIS_URL",
    "[which Redis](redis.md#redis_url), `rediss` with TLS; none is the embedded backplane: one node, in memory",
    "a URL beginning with redis://, redis+sentinel:// or redis+cluster://",
  );
  try {
    return text === undefined ? undefined : parseRedisUrl(text);
  } catch (error) {
    if (!(error instanceof RedisUrlError)) throw error;
    return read.refuse("REDIS_URL", error.expected, undefined);
  }
}

function readKeyPrefix(read: SettingReader, url: RedisUrl | undefined): string {
  const fallback = defaultKeyPrefix(url);
  const prefix = read.text(
    "KEY_PREFIX",
    fallback,
    "what all keys and channels begin with; with a cluster `{rt}:`",
  );
  const fault = keyPrefixFault(prefix, url);
  return fault === undefined ? prefix : read.refuse("KEY_PREFIX", fault, fallback);
}

function readAuth(read: SettingReader): AuthSettings {
  const secret = read.optionalText("AUTH_SECRET", "the secret of HS256 tokens");
  const jwksUrl = read.url("AUTH_JWKS_URL", "the key set of RS, PS, ES and EdDSA tokens");
  const publicKey = read.parsed(
    "AUTH_PUBLIC_KEY",
    parsePublicKey,
    "in its place, one such key",
    "a public key in PEM form",
  );
  if (jwksUrl !== undefined && publicKey !== undefined) {
    read.problems.push("AUTH_PUBLIC_KEY: expected only one of AUTH_JWKS_URL and AUTH_PUBLIC_KEY, got both");
  }
  return {
    secret,
    jwksUrl,
    publicKey,
    issuer: read.optionalText("AUTH_ISSUER", "`iss` of every token, where set"),
    audience: read.optionalText("AUTH_AUDIENCE", "`aud` of every token, where set"),
    collection: read.text("AUTH_COLLECTION", "users", "the auth collection of a token that names none"),
  };
}

/** Whether a gateway can only be tried: without Redis one that has no key makes a secret for its run. */
function isDemo(read: SettingReader): boolean {
  const names = ["REDIS_URL", "AUTH_SECRET", "AUTH_JWKS_URL", "AUTH_PUBLIC_KEY"];
  return !names.some((name) => read.isSet(name));
}

/** Environment files often carry a PEM on one line, its line ends written as `\n`. */
function parsePublicKey(pem: string): KeyObject {
  return createPublicKey(pem.replaceAll(String.raw`\n`, "\n"));
}

function readStreams(read: SettingReader): StreamSettings {
  return {
    idleSeconds: read.integer("IDLE_SECONDS", 300, "a stream without events ends after this; 0 = never"),
    streamSeconds: read.integer(
      "STREAM_SECONDS",
      1_800,
      "every stream ends after this, or up to a tenth before; 0 = never",
    ),
    heartbeatSeconds: read.integer("HEARTBEAT_SECONDS", 20, "a comment to every stream; 0 = none"),
    maxStreams: read.integer("MAX_STREAMS", 50_000, "streams of this node", { min: 1 }),
    maxOutboxBytes: read.integer(
      "MAX_OUTBOX_BYTES",
      1_048_576,
      "a client with more bytes waiting is sent only the newest event of each record, and cut if that is too much",
      { min: 1 },
    ),
    stallSeconds: read.integer("STALL_SECONDS", 30, "a client that takes none for so long is cut", {
      min: 1,
    }),
    maxTotalOutboxBytes: read.integer(
      "MAX_TOTAL_OUTBOX_BYTES",
      268_435_456,
      "bytes waiting for all clients of this node: over it, those with the most are cut",
      { min: 1 },
    ),
  };
}

function readLimits(read: SettingReader): LimitSettings {
  const more = "more are answered 429; 0 = [no limit](SECURITY.md#limits)";
  return {
    maxStreamsPerAddress: read.integer(
      "MAX_STREAMS_PER_ADDRESS",
      0,
      `streams of one address on this node; ${more}`,
    ),
    maxStreamsPerIdentity: read.integer(
      "MAX_STREAMS_PER_IDENTITY",
      0,
      `streams of one identity on all nodes; ${more}`,
    ),
    addressConnectsPerMinute: read.integer(
      "ADDRESS_CONNECTS_PER_MINUTE",
      0,
      `requests of one address but POSTs, on all nodes; ${more}`,
    ),
    addressPostsPerMinute: read.integer(
      "ADDRESS_POSTS_PER_MINUTE",
      0,
      `POSTs of one address, on all nodes; ${more}`,
    ),
    identityPostsPerMinute: read.integer(
      "IDENTITY_POSTS_PER_MINUTE",
      0,
      `POSTs of one identity, on all nodes; ${more}`,
    ),
  };
}

function readLog(read: SettingReader): Pick<Settings, "logSeconds" | "logEntries" | "orphanSeconds"> {
  return {
    logSeconds: read.integer(
      "LOG_SECONDS",
      900,
      "the log is trimmed to this, or to `LOG_ENTRIES`, whichever keeps less",
      { min: 1 },
    ),
    logEntries: read.integer("LOG_ENTRIES", 200_000, "see `LOG_SECONDS`", { min: 1 }),
    orphanSeconds: read.integer(
      "ORPHAN_SECONDS",
      60,
      "how long a client that offers no cursor can take the place of one that was like it, whose stream a node ended; 0 = never",
    ),
  };
}

function readAddress(read: SettingReader): Pick<Settings, "trustedProxyHeader" | "checkAddress"> {
  return {
    trustedProxyHeader: read
      .optionalText(
        "TRUSTED_PROXY_HEADER",
        "the header that [tells a client's address](balancers/README.md#who-the-client-is) behind a proxy",
      )
      ?.toLowerCase(),
    checkAddress: read.boolean("CHECK_ADDRESS", false, "whether a POST must come from its stream's address"),
  };
}
