import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { appendScript } from "@sluice/protocol";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentedRules, putUser } from "../../../../test/harness/redis-users.ts";
import { startRedisServer } from "../../../../test/harness/test-redis.ts";
import { checkRedis, type RedisFinding } from "./check-redis.ts";
import { parseRedisUrl } from "./redis-url.ts";

let server: Awaited<ReturnType<typeof startRedisServer>>;
let redis: Redis;
beforeAll(async () => {
  server = await startRedisServer();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});

const check = (url: string): Promise<readonly RedisFinding[]> => checkRedis(parseRedisUrl(url), "rt:");
const asNode = (): string => server.url.replace("//", "//nodes:password@");

const unknownLimit = {
  weight: "unknown",
  text: "client-output-buffer-limit could not be looked at: CONFIG GET is not allowed",
};

test("a Redis as it is installed has nothing amiss, and nothing is left there", async () => {
  expect(await check(server.url)).toEqual([]);
  expect(await redis.keys("*")).toEqual([]);
});

describe("a user", () => {
  test("needs what docs/redis.md says", async () => {
    await putUser(redis, "nodes", documentedRules("nodes"));
    expect(await check(asNode())).toEqual([unknownLimit]);
  });

  test("needs every command of the scripts", () => {
    const folder = fileURLToPath(new URL(".", import.meta.url));
    const scripts = readdirSync(folder).filter((name) => name.endsWith(".lua"));
    const texts = scripts.map((name) => readFileSync(join(folder, name), "utf8"));
    const text = [...texts, appendScript].join("\n");
    const called = [...text.matchAll(/redis\.call\('(\w+)'(?:, '(NUMSUB)')?/g)];
    const rules = called.map(([, name = "", more]) =>
      `+${name}${more === undefined ? "" : `|${more}`}`.toLowerCase(),
    );
    expect(rules.length).toBeGreaterThan(30);
    expect(documentedRules("nodes")).toEqual(expect.arrayContaining(rules));
  });

  test.each(documentedRules("nodes"))("that has all of it but %s is told so", async (rule) => {
    const others = documentedRules("nodes").filter((other) => other !== rule);
    await putUser(redis, "nodes", others);
    expect(await check(asNode())).toContainEqual({ weight: "fatal", text: `the user nodes lacks ${rule}` });
  });

  test("that lacks more is told all", async () => {
    const others = documentedRules("nodes").filter((rule) => !["+xadd", "+time", "&rt:*"].includes(rule));
    await putUser(redis, "nodes", others);
    expect(await check(asNode())).toContainEqual({
      weight: "fatal",
      text: "the user nodes lacks &rt:* +time +xadd",
    });
  });

  test("of a database needs to choose it", async () => {
    await putUser(redis, "nodes", documentedRules("nodes"));
    await expect(check(`${asNode()}/2`)).rejects.toThrow(/the user lacks a permission \(NOPERM .*select/);
    await putUser(redis, "nodes", [...documentedRules("nodes"), "+select"]);
    expect(await check(`${asNode()}/2`)).toEqual([unknownLimit]);
    await expect(check(`${asNode()}/99`)).rejects.toThrow("it has no database of that number");
  });

  test("with a wrong password is told at once", async () => {
    await expect(check(server.url.replace("//", "//nodes:wrong@"))).rejects.toMatchObject({
      message: expect.stringMatching(
        /^Redis cannot be reached: the user or the password is wrong \(WRONGPASS/,
      ),
    });
  });
});

describe("warned of", () => {
  test("is a policy by which keys vanish", async () => {
    await redis.config("SET", "maxmemory-policy", "volatile-lru");
    expect(await check(server.url)).toEqual([
      {
        weight: "warning",
        text: "expected maxmemory-policy noeviction, got volatile-lru: when memory is short, the log or clients vanish",
      },
    ]);
    await redis.config("SET", "maxmemory-policy", "noeviction");
  });

  test.each(["pubsub 1048576 8388608 60", "pubsub 33554432 1048576 60"])(
    "is the buffer limit %s",
    async (limit) => {
      await redis.config("SET", "client-output-buffer-limit", limit);
      expect(await check(server.url)).toEqual([
        {
          weight: "warning",
          text: `expected client-output-buffer-limit pubsub 33554432 8388608 60 or more, got ${limit}: a burst of events cuts nodes off`,
        },
      ]);
    },
  );

  test("is no limit at all that is none", async () => {
    await redis.config("SET", "client-output-buffer-limit", "pubsub 0 0 0");
    expect(await check(server.url)).toEqual([]);
  });
});

/** What nodes find when Redis says something else about itself: a port where it does. */
async function startPretender(from: RegExp, to: string): Promise<{ url: string; listener: Server }> {
  const listener = createServer((client) => {
    const upstream = connect(Number(new URL(server.url).port), "127.0.0.1");
    client.pipe(upstream);
    upstream.on("data", (chunk) => client.write(chunk.toString("latin1").replace(from, to), "latin1"));
    for (const socket of [client, upstream]) {
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  return { url: `redis://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, listener };
}

test("a Redis that is too old is refused, with what it lacks", async () => {
  const old = await startPretender(/redis_version:\d+\.\d+/, "redis_version:6.0");
  const findings = await check(old.url);
  old.listener.close();
  expect(findings).toEqual([
    {
      weight: "fatal",
      text: expect.stringMatching(
        /^expected Redis 6\.2 or newer, got 6\.0\S*: XTRIM MINID, which trims the log by age/,
      ),
    },
  ]);
});

test("a replica is refused", async () => {
  await redis.replicaof("127.0.0.1", 1);
  expect(await check(server.url)).toEqual([
    { weight: "fatal", text: "expected a primary, got a replica, which takes no writes" },
  ]);
  await redis.replicaof("NO", "ONE");
});

test("a node of a cluster behind a URL for one Redis is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-member-"));
  const member = await startRedisServer(undefined, ["--cluster-enabled", "yes", "--dir", folder]);
  const findings = await check(member.url);
  await member.close();
  await rm(folder, { recursive: true });
  expect(findings).toEqual([
    { weight: "fatal", text: "it is a node of a cluster: expected its URL to begin with redis+cluster://" },
  ]);
});
