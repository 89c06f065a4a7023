import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { uniqueKeyPrefix } from "../../../test/harness/key-prefix.ts";
import { callSluice } from "../../../test/harness/sluice-call.ts";
import { jsonLines, runSluice, type SluiceResult } from "../../../test/harness/sluice-command.ts";

// each starts processes, and the machine may be busy
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let redis: Redis;
let prefix: string;
beforeAll(async () => {
  redis = new Redis(inject("redisUrl"));
  folder = await mkdtemp(join(tmpdir(), "sluice-seed-"));
});
beforeEach(() => {
  prefix = uniqueKeyPrefix();
});
afterAll(async () => {
  redis.disconnect();
  await rm(folder, { recursive: true });
});

const place = (): readonly string[] => ["--redis", inject("redisUrl"), "--prefix", prefix];

const postsArgs = (): readonly string[] => [...place(), "--collection", "posts", "--id", "pbc_1"];

async function seedPosts(input: string, ...more: readonly string[]): Promise<SluiceResult> {
  const rows = join(folder, "posts.ndjson");
  await writeFile(rows, input);
  return callSluice(["seed", ...postsArgs(), ...more, rows]);
}

/** A seeding that ends for a bad line does not wait for the rest. */
const seedFromInput = (input: string): Promise<SluiceResult> =>
  runSluice(["seed", ...postsArgs(), "-"], { input, keepsInputOpen: input.endsWith("{\n") });

const check = (...names: readonly string[]): Promise<SluiceResult> =>
  callSluice(["check-records", ...place(), ...names]);

/** Writes an event alone. */
const write = (row: string): Promise<unknown> =>
  redis.xadd(`${prefix}log`, "*", "event", `{"action":"update","collection":"pbc_1","record":${row}}`);

async function kept(): Promise<Readonly<Record<string, string>>> {
  const { "@seeded": seeded, ...rows } = await redis.hgetall(`${prefix}records:posts`);
  return seeded === undefined ? {} : rows;
}

describe("sluice seed", () => {
  test("puts rows as they are, and prints how many there are", async () => {
    const { stdout, stderr, status } = await seedFromInput('{"id":"p1","n":1.50}\n\n  {"id":"é😀"}\r\n');
    expect([stdout, status]).toEqual(["2\n", 0]);
    expect(stderr).toBe("posts: 2 rows read, all of them\n");
    expect(await kept()).toEqual({ p1: '{"id":"p1","n":1.50}', "é😀": '{"id":"é😀"}' });
    expect(await redis.hgetall(`${prefix}followed`)).toEqual({ posts: "posts", pbc_1: "posts" });
  });

  test("reads a file, and knows the id from the stored collection, or a file of collections", async () => {
    const [rows, collections] = [join(folder, "rows.ndjson"), join(folder, "collections.json")];
    const posts = { id: "pbc_2", name: "posts", fields: [] };
    await writeFile(rows, '{"id":"p1"}\n{"id":"p2"}');
    await writeFile(collections, JSON.stringify([posts]));
    await redis.hset(`${prefix}collections`, "posts", JSON.stringify({ ...posts, id: "pbc_3" }));
    const args = [...place(), "--collection", "posts"];
    expect(await callSluice(["seed", ...args, rows])).toMatchObject({ stdout: "2\n", status: 0 });
    expect(await redis.hkeys(`${prefix}followed`)).toEqual(["pbc_3", "posts"]);
    expect(await callSluice(["seed", ...args, "--collections", collections, rows])).toMatchObject({
      status: 0,
    });
    expect((await redis.hkeys(`${prefix}followed`)).toSorted()).toEqual(["pbc_2", "posts"]);
    await callSluice(["seed", ...place(), "--collection", "pbc_3", rows]);
    expect(await redis.hgetall(`${prefix}followed`)).toEqual({ pbc_3: "posts", posts: "posts" });
  });

  test.each([
    ["no object", "[]", "line 3: expected a row as a JSON object, got an array"],
    ["without an id", '{"title":"a"}', "line 3: expected id to be a non-empty string"],
    ["with an id that is none", '{"id":"@seeded"}', 'does not begin with "@", got "@seeded"'],
    ["no JSON", "{", "line 3: expected a row as JSON, all of it on one line, got 1 characters"],
  ])("stops at a line that is %s and leaves the old rows", async (_what, line, message) => {
    await seedPosts('{"id":"old"}');
    const { stdout, stderr, status } = await seedFromInput(`{"id":"p1"}\n{"id":"p2"}\n${line}\n`);
    expect([stdout, status]).toEqual(["", 1]);
    expect(stderr).toContain(message);
    expect(await kept()).toEqual({ old: '{"id":"old"}' });
    expect(await redis.keys(`${prefix}seeding:*`)).toEqual([]);
  });

  test.each<[what: string, args: readonly string[], message: string]>([
    ["no Redis", ["--collection", "posts", "--id", "a", "-"], "expected --redis or REDIS_URL, got neither"],
    [
      "no URL",
      ["--redis", "host", "--collection", "posts", "--id", "a", "-"],
      "--redis (REDIS_URL): expected a URL",
    ],
    ["no collection", ["-"], "required option '--collection <name>' not specified"],
    ["no rows", ["--collection", "posts"], "missing required argument 'rows'"],
    ["a file that is not there", ["--collection", "posts", "nowhere"], "can be read, got nowhere"],
    [
      "a typing mistake",
      ["--collection", "posts", "--collectons", "a", "-"],
      "(Did you mean --collections?)",
    ],
  ])("tells of %s, and exits 2", async (_what, args, message) => {
    const { stdout, stderr, status } = await callSluice(["seed", ...args]);
    expect(stderr).toContain(message);
    expect([stdout, status]).toEqual(["", 2]);
  });

  test("asks for the id of a collection that nobody stored", async () => {
    const { stderr, status } = await runSluice(["seed", ...place(), "--collection", "posts", "-"], {
      input: '{"id":"a"}\n{\n',
      keepsInputOpen: true,
    });
    expect(stderr).toContain("expected the id of posts as --id, or the collection in");
    expect(status).toBe(2);
  });

  test("tells of a Redis that refuses, and exits 3", async () => {
    const url = inject("redisUrl").replace("//", "//nobody:wrong@");
    const args = ["--redis", url, "--collection", "posts", "--id", "pbc_1", "-"];
    const { stdout, stderr, status } = await callSluice(["seed", ...args]);
    expect(stderr).toContain("Redis cannot be reached");
    expect(stderr).not.toContain("wrong@");
    expect([stdout, status]).toEqual(["", 3]);
  });

  test("shows a bar on a terminal", async () => {
    const rows = join(folder, "bar.ndjson");
    await writeFile(rows, '{"id":"p1"}\n{"id":"p2"}\n');
    const line = ["sluice", "seed", ...place(), "--collection", "posts", "--id", "pbc_1", rows].join(" ");
    const sluice = `node ${import.meta.dirname}/main.ts`;
    const { stdout } = spawnSync("script", ["-qec", line.replace("sluice", sluice), "/dev/null"], {
      encoding: "utf8",
    });
    expect(stdout).toContain("posts ====");
    expect(stdout).toContain("100 %, ");
    expect(stdout).toMatch(/2\r\n$/);
  });

  test("writes JSON with --json", async () => {
    expect(jsonLines(await seedPosts('{"id":"p1"}', "--json"))).toEqual([{ collection: "posts", rows: 1 }]);
  });

  test("tells of rows that cannot be read, and exits 1", async () => {
    const args = [...place(), "--collection", "posts", "--id", "pbc_1", folder];
    const { stderr, status } = await callSluice(["seed", ...args]);
    expect(stderr).toContain(`expected lines that can be read, got ${folder}: EISDIR`);
    expect(status).toBe(1);
  });
});

describe("sluice check-records", () => {
  test("is content with rows that are as the log says", async () => {
    await seedPosts('{"id":"p1","n":1}\n{"id":"p2"}');
    await write('{"n":1,"id":"p1"}');
    expect(await check()).toMatchObject({
      stdout: "posts: 1 rows of which the log tells, all kept as it says\n",
      status: 0,
    });
  });

  test("names the rows whose writers wrote the event alone, and exits 1", async () => {
    await seedPosts('{"id":"p1","n":1}\n{"id":"p2"}');
    await write('{"n":2,"id":"p1"}');
    expect(await check("posts")).toMatchObject({
      stdout: "posts: 1 rows of which the log tells, 1 kept otherwise: p1\n",
      status: 1,
    });
  });

  test("tells of a collection that is not seeded, or whose rows nobody keeps", async () => {
    await redis.hset(`${prefix}followed`, "posts", "posts");
    expect(await check()).toMatchObject({
      stdout: "posts: not seeded: rules that read its rows deny\n",
      status: 1,
    });
    const { stderr, status } = await check("notes");
    expect(stderr).toContain("expected a collection whose rows are kept (posts), got notes");
    expect(status).toBe(2);
  });

  test("writes a line of JSON for each collection with --json", async () => {
    await seedPosts('{"id":"p1","n":1}');
    await write('{"n":2,"id":"p1"}');
    const result = await check("--json");
    expect(jsonLines(result)).toEqual([
      { collection: "posts", seeded: true, checked: 1, different: 1, ids: ["p1"] },
    ]);
    expect(result.status).toBe(1);
  });
});
