import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { type GatewayProcess, startGateway, testSecret } from "../../../test/harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../../../test/harness/key-prefix.ts";
import { callSluice } from "../../../test/harness/sluice-call.ts";
import {
  jsonLines,
  runSluice,
  type SluiceResult,
  startSluice,
} from "../../../test/harness/sluice-command.ts";
import { waitUntil } from "../../../test/harness/wait-until.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const cursorLine = /^\d+-\d+\n$/;
const post = (id: string): string =>
  JSON.stringify({ collection: "posts", action: "create", record: { id, title: "Hello" } });

let gateway: GatewayProcess;
let redis: Redis;
let prefix: string;
let folder: string;
let superuser: string;
beforeAll(async () => {
  prefix = uniqueKeyPrefix();
  redis = new Redis(inject("redisUrl"));
  folder = await mkdtemp(join(tmpdir(), "sluice-publish-"));
  gateway = await startGateway({
    REDIS_URL: inject("redisUrl"),
    KEY_PREFIX: prefix,
    COLLECTIONS_FILE: "apps/gateway/demo/collections.json",
  });
  superuser = await sign("--superuser");
});
afterAll(async () => {
  await gateway.stop();
  redis.disconnect();
  await rm(folder, { recursive: true });
});

async function sign(...args: readonly string[]): Promise<string> {
  return (await callSluice(["token", "--secret", testSecret, ...args])).stdout.trim();
}

/** Has an event published to a web server that is no gateway, whose pages under /moved are elsewhere now. */
async function publishElsewhere(path: string): Promise<SluiceResult> {
  const { url, close } = await serve(({ url: asked = "" }, response) => {
    const isMoved = asked.startsWith("/moved");
    response.writeHead(isMoved ? 301 : 200, isMoved ? { Location: "https://rt.example.com/" } : {});
    response.end("<h1>Hello</h1>");
  });
  const result = await callSluice(["publish", "--url", `${url}${path}`, "--token", "a", post("p")]);
  close();
  return result;
}

/** Answers HTTP on loopback. */
async function serve(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, close };
}

const inRedis = (): readonly string[] => ["--redis", inject("redisUrl"), "--prefix", prefix];
const throughGateway = (token = superuser): readonly string[] => ["--url", gateway.url, "--token", token];

async function lastEvent(): Promise<string | undefined> {
  const [entry] = await redis.xrevrange(`${prefix}log`, "+", "-", "COUNT", 1);
  return entry?.[1][1];
}

/** Follows what a client gets, from when it is live. */
async function follow(args: readonly string[]) {
  const tail = startSluice(["tail", "--json", ...args]);
  await tail.waitFor("live");
  return tail;
}

async function publish(...events: readonly string[]): Promise<string> {
  const input = events.join("\n");
  return (await runSluice(["publish", ...inRedis(), "-"], { input })).stdout.split("\n")[0] ?? "";
}
const tailLog = (...args: readonly string[]): Promise<SluiceResult> =>
  callSluice(["tail", ...inRedis(), ...args]);

describe("sluice token", () => {
  test("prints a token alone, of the record and with the claims", async () => {
    const args = ["--id", "u1", "--collection", "clients", "--claims", '{"role":"admin"}', "--expires", "1h"];
    const { stdout, stderr, status } = await runSluice(["token", ...args], {
      env: { AUTH_SECRET: testSecret, AUTH_ISSUER: "me" },
    });
    expect([stderr, status]).toEqual(["", 0]);
    const { payload } = await jwtVerify(stdout.trim(), new TextEncoder().encode(testSecret));
    expect(payload).toEqual({
      id: "u1",
      collectionName: "clients",
      type: "auth",
      role: "admin",
      iss: "me",
      exp: expect.closeTo(Date.now() / 1000 + 3_600, -2),
    });
  });

  test("warns of a short secret, and does not show it", async () => {
    const result = await callSluice(["token", "--id", "u1", "--json"], { AUTH_SECRET: "hunter2" });
    expect(jsonLines(result)).toEqual([{ token: expect.stringMatching(/^eyJ/) }]);
    expect(result.stderr).toContain("expected a secret of 32 bytes or more, got 7");
    expect(result.stderr).not.toContain("hunter2");
  });

  test.concurrent.each<[args: readonly string[], message: string]>([
    [["--id", "u1"], "expected --secret or AUTH_SECRET, got neither"],
    [["--id", "u1", "--secret", ""], "expected --secret or AUTH_SECRET, got neither"],
    [["--secret", "s"], "expected --id, or --superuser, got neither"],
    [
      ["--secret", "s", "--id", "u1", "--expires", "soon"],
      "--expires: expected a time as in 12h or 30d, got soon",
    ],
    [["--secret", "s", "--id", "u1", "--claims", "[]"], "--claims: expected a JSON object"],
    [["--secret", "s", "--superuser", "--collection", "a"], "cannot be used with option '--collection"],
  ])("of %j it says what was expected, and exits 2", async (args, message) => {
    const { stdout, stderr, status } = await callSluice(["token", ...args]);
    expect(stderr).toContain(message);
    expect([stdout, status]).toEqual(["", 2]);
  });
});

describe("sluice publish", () => {
  test("writes to the log, and prints the cursor", async () => {
    const { stdout, stderr, status } = await callSluice(["publish", ...inRedis(), post("p1")]);
    expect(stdout).toMatch(cursorLine);
    expect([stderr, status]).toEqual(["", 0]);
    expect(await lastEvent()).toBe(post("p1"));
  });

  test("keeps the rows of followed collections as it goes", async () => {
    await redis.hset(`${prefix}followed`, "kept", "kept");
    await callSluice(["publish", ...inRedis(), post("k1").replace("posts", "kept")]);
    expect(await redis.hget(`${prefix}records:kept`, "k1")).toBe('{"id":"k1","title":"Hello"}');
  });

  test("publishes through a gateway by a superuser's token, from the environment too", async () => {
    const env = { SLUICE_URL: gateway.url, SLUICE_TOKEN: superuser };
    const result = await callSluice(["publish", "--json", post("p2")], env);
    expect(jsonLines(result)).toEqual([{ cursor: expect.stringMatching(/^\d+-\d+$/) }]);
    expect(await lastEvent()).toBe(post("p2"));
  });

  test("publishes what comes on standard input as it comes", async () => {
    const child = startSluice(["publish", ...inRedis(), "-"], {
      input: `${post("a")}\n\n${post("b")}\n`,
      keepsInputOpen: true,
    });
    await waitUntil(() => child.stdout().split("\n").length === 3, "two cursors", 15_000);
    child.process.stdin?.end(post("c"));
    expect((await child.end).stdout.split("\n")).toHaveLength(4);
    expect(await lastEvent()).toBe(post("c"));
  });

  test("publishes a file in order, through either door, up to a bad line", async () => {
    const file = join(folder, "events.ndjson");
    const ids = Array.from({ length: 1_200 }, (_, index) => `f${index}`);
    await writeFile(file, `${ids.map(post).join("\n")}\n{"action":"drop"}\n${post("never")}\n`);
    for (const door of [inRedis(), throughGateway()]) {
      const { stdout, stderr, status } = await callSluice(["publish", ...door, file]);
      expect(stderr).toContain('line 1201: expected action "create", "update" or "delete", or a topic');
      expect(status).toBe(1);
      const cursors = stdout.trim().split("\n");
      expect(cursors).toHaveLength(1_200);
      expect(await lastEvent()).toBe(post("f1199"));
      const [first] = await redis.xrange(`${prefix}log`, cursors[0] ?? "", cursors[0] ?? "");
      expect(first?.[1][1]).toBe(post("f0"));
    }
  });

  test("uses the channels with --channel, and prints no cursor", async () => {
    const tail = await follow([...throughGateway(), "--subscribe", "posts/*", "--count", "1"]);
    const before = await lastEvent();
    const { stdout, stderr, status } = await callSluice(["publish", ...inRedis(), "--channel", post("c1")]);
    expect([stdout, stderr, status]).toEqual(["", "1 published, unlogged: without a cursor\n", 0]);
    expect(jsonLines(await tail.end)).toMatchObject([
      { subscription: "posts/*", data: { record: { id: "c1" } } },
    ]);
    expect(await lastEvent()).toBe(before);
  });

  test.concurrent.each<[what: string, args: () => readonly string[], message: string, status: number]>([
    ["no door", () => [post("p")], "expected --redis (REDIS_URL) or --url (SLUICE_URL), got neither", 2],
    [
      "two doors",
      () => [...inRedis(), ...throughGateway(), post("p")],
      "expected --redis or --url, got both",
      2,
    ],
    ["a bad event", () => [...inRedis(), '{"action":"drop"}'], 'line 1: expected action "create"', 1],
    ["no file", () => [...inRedis(), "nowhere"], "expected a file that can be read, got nowhere", 2],
    ["no URL", () => ["--url", "host", post("p")], "--url (SLUICE_URL): expected a URL as in http://", 2],
    ["a guest", () => [...throughGateway(""), post("p")], "expected a token with the right (--token", 1],
    ["a bad token", () => [...throughGateway("secretly"), post("p")], "answered 401", 1],
    [
      "no gateway",
      () => ["--url", "http://127.0.0.1:9", post("p")],
      "expected a gateway at http://127.0.0.1:9",
      3,
    ],
    [
      "a Redis that refuses",
      () => ["--redis", inject("redisUrl").replace("//", "//nobody:secretly@"), post("p")],
      "Redis cannot be reached",
      3,
    ],
  ])("tells of %s", async (_what, args, message, wanted) => {
    const { stdout, stderr, status } = await callSluice(["publish", ...args()]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("secretly");
    expect([stdout, status]).toEqual(["", wanted]);
  });

  test.each([
    ["a page", "/", "got an answer without the ids of events"],
    ["a redirect", "/moved", "answered 301 to POST /api/realtime/publish: it is at https://rt.example.com/"],
  ])("does not take %s for a gateway's answer", async (_what, path, message) => {
    const { stdout, stderr, status } = await publishElsewhere(path);
    expect(stderr).toContain(message);
    expect([stdout, status]).toEqual(["", 3]);
  });
});

test.each<[text: string, args: readonly string[]]>([
  ["secretly…", ["publish", "{}"]],
  ["secretly\nagain", ["tail", "--subscribe", "a"]],
  ["secretly…", ["bench"]],
  ["secretly\nagain", ["doctor"]],
])("%j is no token for %j", async (token, [command = "", ...more]) => {
  const place = command === "doctor" ? [gateway.url] : ["--url", gateway.url];
  const { stdout, stderr, status } = await callSluice([command, ...more, ...place], { SLUICE_TOKEN: token });
  expect(stderr).toContain("--token (SLUICE_TOKEN): expected a token, of letters, digits and signs");
  expect(stderr).not.toContain("secretly");
  expect([stdout, status]).toEqual(["", 2]);
});

describe("sluice tail", () => {
  test("prints what lies behind a cursor, by collection and by what is in it", async () => {
    const cursor = await publish(post("t1"), post("t2"), post("t2").replace("posts", "notes"), post("t3"));
    const range = ["--from", cursor, "--no-follow"];
    const result = await tailLog(...range, "--json", "--collection", "posts", "--grep", "t[0-9]");
    expect(jsonLines(result)).toMatchObject([
      { cursor: expect.any(String), event: { record: { id: "t2" } } },
      { event: { collection: "posts", record: { id: "t3" } } },
    ]);
    expect(result).toMatchObject({ stderr: "", status: 0 });
    expect((await tailLog("--from", "start", "--count", "1")).stdout).toMatch(/^\d+-\d+ {2}\d{4}-.*Z {2}\{"/);
  });

  test("follows what is written from now on, without secrets, until it is interrupted", async () => {
    const following = startSluice(["tail", ...inRedis(), "--grep", "follow"]);
    const write = async (): Promise<boolean> => {
      // nobody says when it has begun to follow
      await redis.xadd(`${prefix}log`, "*", "event", post("follow").replace("title", "tokenKey"));
      return following.stdout().includes("follow");
    };
    await waitUntil(write, "an event", 15_000);
    expect(following.stdout()).toContain('"tokenKey":"…"');
    following.process.kill("SIGINT");
    expect(await following.end).toMatchObject({ stderr: "", status: null });
  });

  test("tells a slow reader that the log was trimmed past it", async () => {
    const log = `${uniqueKeyPrefix()}log`;
    const long = post("x".repeat(1_000));
    const pipeline = redis.pipeline();
    for (let count = 0; count < 1_000; count++) pipeline.xadd(log, "*", "event", long);
    await pipeline.exec();
    const place = ["--redis", inject("redisUrl"), "--prefix", log.slice(0, -3)];
    const following = startSluice(["tail", ...place, "--from", "start"]);
    const output = following.process.stdout;
    output?.pause();
    // half of it is read at once, which is more than a pipe holds
    await waitUntil(() => (output?.readableLength ?? 0) > 0, "the first lines", 15_000);
    await redis.xtrim(log, "MAXLEN", 1);
    output?.resume();
    const { stderr, status } = await following.end;
    expect(stderr).toContain("the log was trimmed, or lost, past the entry up to which it was read");
    expect(status).toBe(3);
  });

  test("follows what a client gets with its token, through the end of its stream", async () => {
    const audit = JSON.stringify({ collection: "audits", action: "create", record: { id: "a1" } });
    const client = await follow([...throughGateway(), "--subscribe", "audits/*", "--count", "2"]);
    const guest = await follow(["--url", gateway.url, "--subscribe", "audits/*", "--subscribe", "posts/g1"]);
    await publish(audit, post("g1"));
    await guest.waitFor("g1");
    await gateway.stop();
    await publish(audit.replace("a1", "a2"));
    gateway = await startGateway({
      REDIS_URL: inject("redisUrl"),
      KEY_PREFIX: prefix,
      COLLECTIONS_FILE: "apps/gateway/demo/collections.json",
      PORT: new URL(gateway.url).port,
    });
    const { stdout, stderr, status } = await client.end;
    expect(jsonLines({ stdout, stderr, status })).toMatchObject([
      { subscription: "audits/*", data: { action: "create", record: { id: "a1" } } },
      { subscription: "audits/*", data: { action: "create", record: { id: "a2" } } },
    ]);
    expect(stderr).toContain("the stream ended; coming back");
    expect(status).toBe(0);
    guest.process.kill("SIGINT");
    expect((await guest.end).stdout).not.toContain("audits");
  });

  test.concurrent.each<[args: () => readonly string[], message: string, status: number]>([
    [() => [], "expected --redis or REDIS_URL, got neither", 2],
    [() => ["--url", gateway.url], "expected --subscribe beside --url, got none", 2],
    [
      () => ["--subscribe", "a", "--grep", "b"],
      "'--subscribe <subscription>' cannot be used with option '--grep",
      2,
    ],
    [() => [...inRedis(), "--from", "then"], "--from: expected start, end or a cursor", 2],
    [() => [...inRedis(), "--from", "5-0"], "--from: expected a cursor that the log has, got 5-0", 1],
    [() => [...inRedis(), "--grep", "("], "--grep: expected a regular expression, got (", 2],
    [() => [...inRedis(), "--count", "0"], "--count: expected a whole number, 1 or more, got 0", 2],
    [() => ["--subscribe", "a\nb", "--url", gateway.url], "answered 400 to POST /api/realtime", 1],
    [
      () => ["--subscribe", "a", "--url", "http://127.0.0.1:9"],
      "expected a gateway at http://127.0.0.1:9",
      3,
    ],
    [() => ["--subscribe", "a", "--url", `${gateway.url}/nowhere`], "expected a stream of a gateway", 3],
  ])("says what was expected", async (args, message, wanted) => {
    const { stdout, stderr, status } = await callSluice(["tail", ...args()]);
    expect(stderr).toContain(message);
    expect([stdout, status]).toEqual(["", wanted]);
  });
});

describe("sluice bench", () => {
  const few = ["--streams", "5", "--events", "10", "--rate", "200"];

  test.concurrent.each<[door: string, more: () => readonly string[]]>([
    ["a token", () => ["--token", superuser]],
    ["Redis", inRedis],
  ])("measures, publishing by %s", async (_door, more) => {
    const args = ["bench", "--url", gateway.url, ...few, ...more()];
    const result = await runSluice([...args, "--json"]);
    expect(jsonLines(result)).toMatchObject([
      {
        openStreams: 5,
        failedStreams: 0,
        published: 10,
        deliveries: 50,
        lost: 0,
        delayMs: { p50: expect.any(Number) },
      },
    ]);
    expect(result.status).toBe(0);
  });

  test("counts what does not come, and exits 1", async () => {
    const deaf = await serve((request, response) => {
      if (request.url === "/api/realtime/publish") return void response.end('{"ids":[]}');
      if (request.method === "POST") return void response.writeHead(204).end();
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("id:x\nevent:PB_CONNECT\ndata:{}\n\n");
    });
    const args = ["bench", "--url", deaf.url, "--token", "a", ...few, "--seconds", "1", "--json"];
    const result = await callSluice(args);
    deaf.close();
    expect(jsonLines(result)).toMatchObject([{ openStreams: 5, published: 10, deliveries: 0, lost: 50 }]);
    expect(result.status).toBe(1);
  });

  test("writes it for people", async () => {
    const { stdout } = await callSluice(["bench", ...throughGateway(), ...few]);
    expect(stdout).toMatch(
      /^streams +5 opened in .*\nevents +10 published .*\ndeliveries +50, 0 lost\ndelay +p50 /,
    );
  });

  test.concurrent.each<[args: () => readonly string[], message: string, status: number]>([
    [() => ["--url", gateway.url], "expected a superuser's --token (SLUICE_TOKEN), or --redis", 2],
    [() => ["--token", "a"], "expected --url or SLUICE_URL, got neither", 2],
    [() => ["--streams", "5001"], "--streams: expected a whole number, from 1 to 5000, got 5001", 2],
    [
      () => [...throughGateway(), "--streams", "5000", "--events", "9000"],
      "expected at most 5000000 deliveries",
      2,
    ],
    [() => [...throughGateway("nobody"), ...few], "answered 401", 1],
    [() => ["--url", "http://127.0.0.1:9", "--token", "a", ...few], "expected a gateway at", 3],
  ])("says what was expected", async (args, message, wanted) => {
    const { stdout, stderr, status } = await callSluice(["bench", ...args()]);
    expect(stderr).toContain(message);
    expect([stdout, status]).toEqual(["", wanted]);
  });
});
