import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseSettings, type Settings } from "./settings.ts";

function settingsOf(env: Readonly<Record<string, string>>): Settings {
  const parsed = parseSettings(env);
  if ("problems" in parsed) throw new TypeError(parsed.problems.join("\n"));
  return parsed.settings;
}

function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  const parsed = parseSettings(env);
  return "problems" in parsed ? parsed.problems : [];
}

test("nothing set means the documented defaults", () => {
  expect(settingsOf({})).toEqual({
    host: "0.0.0.0",
    port: 8080,
    redisUrl: undefined,
    keyPrefix: "rt:",
    logSeconds: 900,
    logEntries: 200_000,
    orphanSeconds: 60,
    collectionsFile: undefined,
    auth: {
      secret: undefined,
      jwksUrl: undefined,
      publicKey: undefined,
      issuer: undefined,
      audience: undefined,
      collection: "users",
    },
    streams: {
      idleSeconds: 300,
      streamSeconds: 1800,
      heartbeatSeconds: 20,
      stallSeconds: 30,
      maxStreams: 50_000,
      maxOutboxBytes: 1_048_576,
      maxTotalOutboxBytes: 268_435_456,
    },
    limits: {
      addressConnectsPerMinute: 0,
      addressPostsPerMinute: 0,
      identityPostsPerMinute: 0,
      maxStreamsPerAddress: 0,
      maxStreamsPerIdentity: 0,
    },
    maxEventBytes: 1_048_576,
    requestSeconds: 30,
    corsOrigins: ["*"],
    trustedProxyHeader: undefined,
    checkAddress: false,
    console: true,
    playground: true,
    followMaxRecords: 200_000,
    drainSeconds: 20,
    shedSeconds: 180,
    workers: 1,
    logLevel: "info",
  });
});

test("an empty value counts as not set", () => {
  expect(settingsOf({ PORT: "", REDIS_URL: "", CORS_ORIGINS: "", CHECK_ADDRESS: "" })).toEqual(
    settingsOf({}),
  );
});

test("lists are split at commas, header names are lowered", () => {
  const { corsOrigins, trustedProxyHeader } = settingsOf({
    CORS_ORIGINS: "https://a.example, https://*.b.example,",
    TRUSTED_PROXY_HEADER: "X-Forwarded-For",
  });
  expect(corsOrigins).toEqual(["https://a.example", "https://*.b.example"]);
  expect(trustedProxyHeader).toBe("x-forwarded-for");
});

describe("a public key", () => {
  const pem = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();

  test("is read from PEM", () => {
    expect(settingsOf({ AUTH_PUBLIC_KEY: pem }).auth.publicKey?.asymmetricKeyType).toBe("ed25519");
  });

  test("may have its line ends written as backslash n", () => {
    const oneLine = pem.replaceAll("\n", String.raw`\n`);
    expect(settingsOf({ AUTH_PUBLIC_KEY: oneLine }).auth.publicKey?.asymmetricKeyType).toBe("ed25519");
  });

  test("and a key set together are one too many", () => {
    const both = { AUTH_PUBLIC_KEY: pem, AUTH_JWKS_URL: "https://issuer.example/jwks.json" };
    expect(problemsOf(both)).toEqual([
      "AUTH_PUBLIC_KEY: expected only one of AUTH_JWKS_URL and AUTH_PUBLIC_KEY, got both",
    ]);
  });
});

test.each([
  ["PORT", "80x", 'PORT: expected a whole number, from 0 to 65535, got "80x"'],
  ["PORT", "65536", 'PORT: expected a whole number, from 0 to 65535, got "65536"'],
  ["PORT", "-1", 'PORT: expected a whole number, from 0 to 65535, got "-1"'],
  ["IDLE_SECONDS", "1.5", 'IDLE_SECONDS: expected a whole number, 0 or more, got "1.5"'],
  ["WORKERS", "0", 'WORKERS: expected a whole number, from 1 to 128, got "0"'],
  [
    "WORKERS",
    "2",
    'WORKERS: expected 1 without REDIS_URL, since the embedded backplane is one node, got "2"',
  ],
  ["MAX_STREAMS", "0", 'MAX_STREAMS: expected a whole number, 1 or more, got "0"'],
  [
    "ADDRESS_POSTS_PER_MINUTE",
    "-1",
    'ADDRESS_POSTS_PER_MINUTE: expected a whole number, 0 or more, got "-1"',
  ],
  ["REQUEST_SECONDS", "0", 'REQUEST_SECONDS: expected a whole number, 1 or more, got "0"'],
  ["CHECK_ADDRESS", "yes", 'CHECK_ADDRESS: expected one of true, false, got "yes"'],
  [
    "LOG_LEVEL",
    "loud",
    'LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, got "loud"',
  ],
  ["KEY_PREFIX", "a b", 'KEY_PREFIX: expected letters, digits and any of : _ - . { }, got "a b"'],
  [
    "REDIS_URL",
    "localhost:6379",
    'REDIS_URL: expected a URL beginning with redis://, redis+sentinel:// or redis+cluster:// (rediss for TLS), got "localhost:…"',
  ],
  [
    "AUTH_JWKS_URL",
    "ftp://issuer.example",
    'AUTH_JWKS_URL: expected a URL beginning with http:// or https://, got "ftp://…"',
  ],
])("%s=%s is refused with what was expected and what came", (name, value, problem) => {
  expect(problemsOf({ [name]: value })).toEqual([problem]);
});

test("every bad value is named at once", () => {
  const problems = problemsOf({ PORT: "x", REDIS_URL: "x", LOG_LEVEL: "x", DRAIN_SECONDS: "x" });
  expect(problems.map((problem) => problem.split(":")[0])).toEqual([
    "PORT",
    "REDIS_URL",
    "DRAIN_SECONDS",
    "LOG_LEVEL",
  ]);
});

test("no problem shows a key or a password", () => {
  const problems = [
    ...problemsOf({ AUTH_PUBLIC_KEY: "PRIVATE", REDIS_URL: "http://user:hunter2@redis:6379" }),
    ...problemsOf({ REDIS_URL: "redis://:hun/hunter2@redis" }),
    ...problemsOf({ REDIS_URL: "redis+sentinel://redis?sentinelPassword=hunter2" }),
  ];
  expect(problems).toHaveLength(4);
  expect(problems.join("\n")).not.toMatch(/PRIVATE|hun/);
});

describe("with Redis Cluster", () => {
  const cluster = "redis+cluster://redis-1:7000,redis-2:7000";

  test("all keys are in one slot unless told otherwise", () => {
    expect(settingsOf({ REDIS_URL: cluster }).keyPrefix).toBe("{rt}:");
    expect(settingsOf({ REDIS_URL: cluster, KEY_PREFIX: "prod:{a}" }).keyPrefix).toBe("prod:{a}");
  });

  test.each(["rt:", "{}rt:", "rt}:{", "{}{rt}:"])(
    "the prefix %s is refused: keys would be in many slots",
    (prefix) => {
      expect(problemsOf({ REDIS_URL: cluster, KEY_PREFIX: prefix })).toEqual([
        `KEY_PREFIX: expected a text in braces, as in {rt}:, which keeps all keys in one slot, got "${prefix}"`,
      ]);
    },
  );
});
