import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { uniqueKeyPrefix } from "../../../test/harness/key-prefix.ts";

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

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/** @param input what comes in; it stays open behind that where it ends in a broken line */
async function run(command: string, args: readonly string[], input = ""): Promise<Ran> {
  const script = fileURLToPath(new URL(`./${command}.ts`, import.meta.url));
  const child = spawn(process.execPath, [script, ...args]);
  const texts = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.write(input);
  if (!input.endsWith("{\n")) child.stdin.end();
  const [status] = await once(child, "close");
  return { ...texts, status: typeof status === "number" ? status : null };
}

const place = (): readonly string[] => ["--redis", inject("redisUrl"), "--prefix", prefix];

const seedPosts = (input: string, ...more: readonly string[]): Promise<Ran> =>
  run("seed", [...place(), "--collection", "posts", "--id", "pbc_1", ...more, "-"], input);

const check = (...names: readonly string[]): Promise<Ran> => run("check-records", [...place(), ...names]);

/** Writes an event alone. */
const write = (row: string): Promise<unknown> =>
  redis.xadd(`${prefix}log`, "*", "event", `{"action":"update","collection":"pbc_1","record":${row}}`);

async function kept(): Promise<Readonly<Record<string, string>>> {
  const { "@seeded": seeded, ...rows } = await redis.hgetall(`${prefix}records:posts`);
  return seeded === undefined ? {} : rows;
}

describe("npm run seed", () => {
  test("puts rows as they are, and prints how many there are", async () => {
    const { stdout, stderr, status } = await seedPosts('{"id":"p1","n":1.50}\n\n  {"id":"é😀"}\r\n');
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
    expect(await run("seed", [...args, rows])).toMatchObject({ stdout: "2\n", status: 0 });
    expect(await redis.hkeys(`${prefix}followed`)).toEqual(["pbc_3", "posts"]);
    expect(await run("seed", [...args, "--collections", collections, rows])).toMatchObject({ status: 0 });
    expect((await redis.hkeys(`${prefix}followed`)).toSorted()).toEqual(["pbc_2", "posts"]);
  });

  test.each([
    ["no object", "[]", "line 3: expected a row as a JSON object, got an array"],
    ["without an id", '{"title":"a"}', "line 3: expected id to be a non-empty string"],
    ["with an id that is none", '{"id":"@seeded"}', 'does not begin with "@", got "@seeded"'],
    ["no JSON", "{", "line 3: expected a row as JSON, all of it on one line, got 1 characters"],
  ])("stops at a line that is %s and leaves the old rows", async (_what, line, message) => {
    await seedPosts('{"id":"old"}');
    const { stdout, stderr, status } = await seedPosts(`{"id":"p1"}\n{"id":"p2"}\n${line}\n`);
    expect([stdout, status]).toEqual(["", 1]);
    expect(stderr).toContain(message);
    expect(await kept()).toEqual({ old: '{"id":"old"}' });
    expect(await redis.keys(`${prefix}seeding:*`)).toEqual([]);
  });

  test.each<[what: string, args: readonly string[], message: string]>([
    ["no Redis", ["--collection", "posts", "--id", "a", "-"], "expected --redis, got none"],
    ["no URL", ["--redis", "host", "--collection", "posts", "--id", "a", "-"], "--redis: expected a URL"],
    ["no collection", ["-"], "expected --collection, got none"],
    ["no rows", ["--collection", "posts"], "expected one file of rows or -, got 0"],
    ["a file that is not there", ["--collection", "posts", "nowhere"], "can be read, got nowhere"],
    ["an unknown option", ["--row"], "Unknown option '--row'"],
  ])("tells of %s, and exits 2", async (_what, args, message) => {
    const { stdout, stderr, status } = await run("seed", args);
    expect(stderr).toContain(message);
    expect(stderr).toContain("npm run seed -- ");
    expect([stdout, status]).toEqual(["", 2]);
  });

  test("asks for the id of a collection that nobody stored", async () => {
    const { stderr, status } = await run(
      "seed",
      [...place(), "--collection", "posts", "-"],
      '{"id":"a"}\n{\n',
    );
    expect(stderr).toContain("expected the id of posts as --id, or the collection in");
    expect(status).toBe(2);
  });

  test("tells of a Redis that refuses, and exits 1", async () => {
    const url = inject("redisUrl").replace("//", "//nobody:wrong@");
    const args = ["--redis", url, "--collection", "posts", "--id", "pbc_1", "-"];
    const { stdout, stderr, status } = await run("seed", args);
    expect(stderr).toContain("Redis cannot be reached");
    expect([stdout, status]).toEqual(["", 1]);
  });

  test("tells of rows that cannot be read, and exits 1", async () => {
    const args = [...place(), "--collection", "posts", "--id", "pbc_1", folder];
    const { stderr, status } = await run("seed", args);
    expect(stderr).toContain(`expected lines that can be read, got ${folder}: EISDIR`);
    expect(status).toBe(1);
  });
});

describe("npm run check-records", () => {
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

  test("explains itself", async () => {
    expect(await run("check-records", ["--help"])).toMatchObject({ status: 0, stderr: "" });
    expect(await run("seed", ["-h"])).toMatchObject({ status: 0, stderr: "" });
  });
});
