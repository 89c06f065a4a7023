import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { type GatewayProcess, startGateway } from "../../../test/harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../../../test/harness/key-prefix.ts";
import { callSluice } from "../../../test/harness/sluice-call.ts";
import {
  jsonLines,
  runSluice,
  type SluiceResult,
  startSluice,
} from "../../../test/harness/sluice-command.ts";
import { SseReader } from "../../../test/harness/sse-reader.ts";
import { signToken } from "../../../test/harness/tokens.ts";
import { waitUntil } from "../../../test/harness/wait-until.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const text = (name: string) => ({ name, type: "text" });
const users = { id: "users", name: "users", type: "auth", listRule: "", fields: [text("id"), text("role")] };
const rooms = { id: "rooms", name: "rooms", fields: [text("id"), text("owner")] };
const posts = {
  id: "pbc_1",
  name: "posts",
  listRule: "room.owner = @request.auth.id && @request.auth.id != ''",
  fields: [text("id"), { name: "room", type: "relation", collectionId: "rooms" }],
};
const broken = { ...posts, id: "pbc_2", name: "notes", listRule: "id != '' &&\n  ownr = 'x'" };

let folder: string;
let redis: Redis;
let prefix: string;
beforeAll(async () => {
  redis = new Redis(inject("redisUrl"));
  folder = await mkdtemp(join(tmpdir(), "sluice-collections-"));
});
beforeEach(() => {
  prefix = uniqueKeyPrefix();
});
afterAll(async () => {
  redis.disconnect();
  await rm(folder, { recursive: true });
});

const place = (): readonly string[] => ["--redis", inject("redisUrl"), "--prefix", prefix];

async function file(...collections: readonly unknown[]): Promise<string> {
  const path = join(folder, `${uniqueKeyPrefix().replaceAll(":", "")}.json`);
  await writeFile(path, JSON.stringify(collections));
  return path;
}

async function stored(): Promise<Readonly<Record<string, unknown>>> {
  const entries = Object.entries(await redis.hgetall(`${prefix}collections`));
  return Object.fromEntries(entries.map(([name, json]) => [name, JSON.parse(json)]));
}

const collections = (...args: readonly string[]): Promise<SluiceResult> =>
  callSluice(["collections", ...args]);

const seed = (name: string, input: string): Promise<SluiceResult> =>
  runSluice(["seed", ...place(), "--collection", name, "-"], { input });

const explain = (...args: readonly string[]): Promise<SluiceResult> =>
  callSluice(["explain", ...place(), ...args]);

describe("sluice collections check", () => {
  test("says what is broken and where, and whose rows are needed", async () => {
    const { stdout, stderr, status } = await collections("check", await file(rooms, posts, broken));
    expect(stdout).toContain(
      "notes.listRule: error at 14: this rule lets only superusers through: no field ownr, at 14\n    ownr = 'x'\n    ^\n",
    );
    expect(stdout).toContain("rooms: rules take its rows\n");
    expect(stderr).toBe("3 collections, 1 broken rules, 0 warnings\n");
    expect(status).toBe(1);
  });

  test("is content with good rules, warnings or not", async () => {
    const risky = { ...posts, listRule: "id = @request.auth.id" };
    const result = await collections("check", "--json", await file(risky));
    expect(jsonLines(result)).toMatchObject([{ collection: "posts", rule: "listRule", isError: false }]);
    expect(result.status).toBe(0);
  });

  test("looks whether the rows are there", async () => {
    const args = ["check", "--json", await file(rooms, posts), ...place()];
    const state = async () => {
      const result = await collections(...args);
      return [jsonLines(result)[0], result.status];
    };
    expect(await state()).toEqual([{ collection: "rooms", follow: true, kept: false, seeded: false }, 1]);
    await redis.hset(`${prefix}followed`, "rooms", "rooms");
    expect(await state()).toEqual([{ collection: "rooms", follow: true, kept: true, seeded: false }, 1]);
    await redis.hset(`${prefix}records:rooms`, "@seeded", "x");
    expect(await state()).toEqual([{ collection: "rooms", follow: true, kept: true, seeded: true }, 0]);
  });

  test.each<[what: string, path: () => Promise<string>, message: string, status: number]>([
    ["no file", async () => "nowhere", "expected JSON or a file that can be read, got nowhere", 2],
    ["no JSON", async () => "README.md", "expected JSON in README.md", 2],
    ["no collection", () => file({ fields: [] }), "[0].name: expected a non-empty string", 1],
  ])("tells of %s", async (_what, path, message, wanted) => {
    const { stdout, stderr, status } = await collections("check", await path());
    expect(stderr).toContain(message);
    expect([stdout, status]).toEqual(["", wanted]);
  });
});

describe("sluice collections push", () => {
  test("writes what is another one, and says what", async () => {
    const before = { ...users, authToken: { secret: "hunter2", duration: 1 } };
    const changed = { ...posts, listRule: "" };
    expect(await collections("push", ...place(), await file(before, rooms, posts))).toMatchObject({
      stdout: "+ users\n+ rooms\n+ posts\n",
      stderr: "3 changes written\n",
      status: 0,
    });
    const next = await file({ ...users, authToken: { duration: 2 } }, rooms, {
      ...changed,
      name: "articles",
    });
    const summary =
      "~ users: authToken\n= rooms\n~ articles: name, listRule\n- posts: its name is articles now\n";
    const dry = await collections("push", ...place(), "--dry-run", next);
    expect([dry.stdout, dry.stderr]).toEqual([summary, "3 changes would be written\n"]);
    expect(await stored()).toEqual({ users: before, rooms, posts });
    expect(await collections("push", ...place(), next)).toMatchObject({ stdout: summary, status: 0 });
    expect(await stored()).toEqual({
      users: { ...users, authToken: { secret: "hunter2", duration: 2 } },
      rooms,
      articles: { ...changed, name: "articles" },
    });
    expect((await collections("push", ...place(), next)).stderr).toBe("nothing to change\n");
    await collections("push", ...place(), await file({ ...users, name: "members", authToken: {} }));
    expect(await stored()).toMatchObject({ members: { authToken: { secret: "hunter2" } } });
  });

  test("forgets what the file does not have only where it is told so", async () => {
    await collections("push", ...place(), await file(users, rooms));
    const fewer = await file(users);
    const kept = await collections("push", ...place(), "--json", fewer);
    expect(jsonLines(kept)).toEqual([
      { collection: "users", change: "same" },
      { collection: "rooms", change: "kept", reason: "only in Redis; --delete-missing removes it" },
    ]);
    expect(Object.keys(await stored()).toSorted()).toEqual(["rooms", "users"]);
    await collections("push", ...place(), "--delete-missing", fewer);
    expect(Object.keys(await stored())).toEqual(["users"]);
  });

  test("refuses broken rules, unless it is told to", async () => {
    const path = await file(broken);
    const { stdout, stderr, status } = await collections("push", ...place(), path);
    expect(stderr).toContain("expected rules that compile, or --force, got\nnotes.listRule: error at 14");
    expect([stdout, status, await stored()]).toEqual(["", 1, {}]);
    expect(await collections("push", ...place(), "--force", path)).toMatchObject({ status: 0 });
    expect(await stored()).toEqual({ notes: broken });
  });
});

test("sluice collections pull prints what push wrote, but no secret", async () => {
  const secret = { ...users, authToken: { secret: "hunter2", duration: 1 } };
  await collections("push", ...place(), await file(secret, rooms, posts));
  const { stdout, status } = await collections("pull", ...place());
  expect(JSON.parse(stdout)).toEqual([posts, rooms, { ...users, authToken: { duration: 1 } }]);
  expect(status).toBe(0);
  expect(jsonLines(await collections("pull", "--json", ...place()))).toHaveLength(3);
});

describe("sluice redis-check", () => {
  test("says what a Redis is, and that it is fit", async () => {
    await redis.xadd(`${prefix}log`, "1-0", "event", "{}");
    const { stdout, status } = await callSluice(["redis-check", ...place()]);
    for (const line of [
      "version ",
      "persistence ",
      "memory ",
      "log          1 entries, from 1-0",
      "clock ",
    ]) {
      expect(stdout).toContain(line);
    }
    expect(stdout).toMatch(/fit for gateways\n$/);
    expect(status).toBe(0);
    const [facts] = jsonLines(await runSluice(["redis-check", "--json", ...place()]));
    expect(facts).toMatchObject({
      fit: true,
      findings: expect.any(Array),
      logEntries: 1,
      clockAheadMs: expect.any(Number),
    });
  });

  test("says what a user lacks, and exits 1", async () => {
    await redis.call("ACL", "SETUSER", "reader", "on", ">hunter2", "resetchannels", "~*", "&*", "+info");
    const url = inject("redisUrl").replace("//", "//reader:hunter2@");
    const { stdout, stderr, status } = await callSluice(["redis-check", "--redis", url]);
    await redis.call("ACL", "DELUSER", "reader");
    expect(stdout).toMatch(/^fatal +the user reader lacks \+exec \+multi .*\n.*\nnot fit for gateways\n$/s);
    expect(stdout + stderr).not.toContain("hunter2");
    expect(status).toBe(1);
  });

  test.each<[args: readonly string[], message: string, status: number]>([
    [[], "expected --redis or REDIS_URL, got neither", 2],
    [["--redis", "redis://a:hunter2@h:x"], "--redis (REDIS_URL): expected hosts as name", 2],
    [["--redis", "redis://h", "--prefix", "*"], "--prefix (KEY_PREFIX): expected letters", 2],
    [["--redis", "redis://a:hunter2@127.0.0.1:9"], "Redis cannot be reached", 3],
  ])("of %j it says what was expected", async (args, message, wanted) => {
    const { stdout, stderr, status } = await callSluice(["redis-check", ...args]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("hunter2");
    expect([stdout, status]).toEqual(["", wanted]);
  });
});

describe("sluice explain, over what is in Redis", () => {
  let gateway: GatewayProcess;
  let stream: SseReader;
  let cursor: string;
  beforeAll(async () => {
    prefix = uniqueKeyPrefix();
    await collections("push", ...place(), await file(users, rooms, posts));
    gateway = await startGateway({ REDIS_URL: inject("redisUrl"), KEY_PREFIX: prefix });
    await seed("rooms", '{"id":"r1","owner":"u1"}\n');
    stream = await SseReader.open(gateway.url);
    await subscribe("posts/*", "rooms/r1", "news");
    const event = '{"collection":"posts","action":"create","record":{"id":"p1","room":"r1"}}';
    cursor = (await callSluice(["publish", ...place(), event])).stdout.trim();
    livePrefix = prefix;
  });
  let livePrefix: string;
  beforeEach(() => {
    prefix = livePrefix;
  });
  afterAll(async () => {
    stream.close();
    await gateway.stop();
  });

  async function subscribe(...subscriptions: readonly string[]): Promise<void> {
    const response = await fetch(`${gateway.url}/api/realtime`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: await signToken("u2") },
      body: JSON.stringify({ clientId: stream.clientId, subscriptions }),
    });
    expect(response.status).toBe(204);
  }

  test("tells why a client did not get an event, by the client's id and the event's cursor", async () => {
    const { stdout, stderr, status } = await explain("--client", stream.clientId, "--event", cursor);
    expect(stdout).toContain("posts/*\n  not delivered, by the list rule\n");
    expect(stdout).toContain('room.owner is "u1", in rooms/r1\n');
    expect(stdout).toContain('@request.auth.id is "u2"');
    expect(stdout).not.toContain("\nrooms/r1");
    expect(stderr).toContain("the event was written at 20");
    expect(stderr).toContain("rows, collections and subscriptions are those of now");
    expect(stderr).toContain("the client is users/u2; its token's other claims are not in Redis");
    expect(stderr).toContain("2 other subscriptions have other topics");
    expect(status).toBe(1);
  });

  test("tells who else gets it, and reads an identity from its row where that is there", async () => {
    const owner = ["--identity", '{"id":"u1"}'];
    const result = await explain("--client", stream.clientId, "--event", cursor, ...owner, "--json");
    expect(jsonLines(result)).toMatchObject([
      { subscription: "posts/*", outcome: "delivered" },
      { subscription: "rooms/r1", outcome: "unmatched" },
      { subscription: "news", outcome: "unmatched" },
    ]);
    expect(result.status).toBe(0);
    const byRole = await file(
      { ...users, follow: true },
      { ...posts, listRule: "@request.auth.role = 'admin'" },
    );
    const rows = join(folder, "users.ndjson");
    await writeFile(rows, '{"id":"u2","role":"admin"}\n');
    const args = ["--client", stream.clientId, "--event", cursor, "--collections", byRole];
    expect((await explain(...args)).stderr).toContain("users is not seeded: what takes its rows denies");
    expect((await explain(...args, "--rows", `users=${rows}`)).stdout).toContain(
      "delivered, by the list rule",
    );
  });

  test("takes an event as JSON, and every topic of it where there is no client", async () => {
    const event = '{"collection":"rooms","action":"create","record":{"id":"r2"}}';
    const { stdout, status } = await explain("--event", event, "--identity", "superuser");
    expect(stdout).toContain("rooms/*\n  delivered, by the list rule");
    expect(status).toBe(0);
    const message = '{"topic":"news","clientId":"another"}';
    const other = await explain("--event", message, "--client", stream.clientId);
    expect(other.stderr).toContain("the message is for the client another only");
    expect(other.status).toBe(1);
  });

  test.each<[args: () => readonly string[], message: string, status: number]>([
    [
      () => ["--client", "nobody", "--event", cursor],
      "--client: expected a client that is connected, got nobody",
      1,
    ],
    [() => ["--event", "5-0"], "--event: expected an entry that the log has, got 5-0", 1],
    [
      () => ["--event", cursor, "--prefix", uniqueKeyPrefix()],
      "expected collections in the hash rt:collections",
      2,
    ],
  ])("says what was expected", async (args, message, wanted) => {
    const { stdout, stderr, status } = await explain(...args());
    expect(stderr).toContain(message);
    expect([stdout, status]).toEqual(["", wanted]);
  });
});

test("gateways follow what is pushed", async () => {
  const gateway = await startGateway({ REDIS_URL: inject("redisUrl"), KEY_PREFIX: prefix });
  const client = startSluice(["tail", "--url", gateway.url, "--subscribe", "posts/*", "--count", "1"]);
  await client.waitFor("live");
  await runSluice(["collections", "push", ...place(), await file({ ...posts, listRule: "" })]);
  await waitUntil(() => gateway.output().includes('"collections":["posts"]'), "collections to be loaded");
  const event = '{"collection":"posts","action":"create","record":{"id":"p1","room":""}}';
  await runSluice(["publish", ...place(), event]);
  expect((await client.end).stdout).toContain('"id":"p1"');
  await gateway.stop();
});
