import { expect, test } from "vitest";
import { parseSettings } from "./settings.ts";

const enough = {
  PB_URL: "http://127.0.0.1:8090",
  PB_EMAIL: "root@example.com",
  PB_PASSWORD: "secret",
  REDIS_URL: "redis://127.0.0.1:6379",
};

function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  const parsed = parseSettings({ ...enough, ...env });
  return "problems" in parsed ? parsed.problems : [];
}

test("addresses and a login are enough", () => {
  expect(parseSettings(enough)).toMatchObject({
    settings: {
      pocketBaseUrl: "http://127.0.0.1:8090",
      login: { email: "root@example.com", password: "secret" },
      keyPrefix: "rt:",
      collections: undefined,
      follow: [],
      holdMs: 20,
      collectionSeconds: 5,
      maxWaiting: 10_000,
      logLevel: "info",
    },
  });
});

test("lists are read without their blanks, and a cluster's prefix is in braces", () => {
  const env = { ...enough, REDIS_URL: "redis+cluster://a:1", COLLECTIONS: "posts, users,", FOLLOW: "*" };
  expect(parseSettings(env)).toMatchObject({
    settings: { keyPrefix: "{rt}:", collections: ["posts", "users"], follow: ["*"] },
  });
});

test.each<readonly [env: Readonly<Record<string, string>>, problem: string]>([
  [{ PB_URL: "" }, "PB_URL: expected PocketBase's address, as in http://127.0.0.1:8090, got nothing"],
  [
    { PB_URL: "ftp://me:pw@a" },
    `PB_URL: expected PocketBase's address, as in http://127.0.0.1:8090, got "ftp://…"`,
  ],
  [
    { PB_PASSWORD: "" },
    "PB_EMAIL: expected a superuser's PB_EMAIL and PB_PASSWORD, or PB_TOKEN alone, got PB_EMAIL",
  ],
  [
    { PB_TOKEN: "t" },
    "PB_EMAIL: expected a superuser's PB_EMAIL and PB_PASSWORD, or PB_TOKEN alone, got PB_TOKEN and PB_EMAIL and PB_PASSWORD",
  ],
  [{ REDIS_URL: "" }, "REDIS_URL: expected the gateways' Redis, as in redis://127.0.0.1:6379, got nothing"],
  [{ KEY_PREFIX: "a b" }, 'KEY_PREFIX: expected letters, digits and any of : _ - . { }, got "a b"'],
  [
    { KEY_PREFIX: "rt:", REDIS_URL: "redis+cluster://a:1" },
    'KEY_PREFIX: expected a text in braces, as in {rt}:, which keeps all keys in one slot, got "rt:"',
  ],
  [{ COLLECTION_SECONDS: "0" }, 'COLLECTION_SECONDS: expected a whole number, 1 or more, got "0"'],
  [
    { LOG_LEVEL: "loud" },
    'LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, got "loud"',
  ],
])("%j is refused in words", (env, problem) => {
  expect(problemsOf(env)).toEqual([problem]);
});

test("every bad value is reported, and no secret", () => {
  const problems = problemsOf({ PB_URL: "x", REDIS_URL: "http://:hunter2@a", LOG_SECONDS: "-1" });
  expect(problems.map((problem) => problem.split(":")[0])).toEqual(["PB_URL", "REDIS_URL", "LOG_SECONDS"]);
  expect(problems.join()).not.toContain("hunter2");
});
