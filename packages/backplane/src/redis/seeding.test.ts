import { setImmediate as nextTurn } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { eventOf, json, posts, read, rowsOf, seed, write } from "../../../../test/harness/kept-records.ts";
import { uniqueKeyPrefix } from "../../../../test/harness/key-prefix.ts";
import { openRecordingNode, type RecordingNode } from "../../../../test/harness/recording-node.ts";
import { startRedisCluster } from "../../../../test/harness/redis-cluster.ts";
import { waitUntil } from "../../../../test/harness/wait-until.ts";
import type { SeededRow } from "../backplane.ts";

let redis: Redis;
let keyPrefix: string;
let node: RecordingNode;
beforeAll(() => {
  redis = new Redis(inject("redisUrl"));
});
beforeEach(async () => {
  keyPrefix = uniqueKeyPrefix();
  node = await openRecordingNode({ redisUrl: inject("redisUrl"), keyPrefix });
});
afterEach(() => node.backplane.close());
afterAll(() => redis.disconnect());

const keysLeft = (): Promise<readonly string[]> => redis.keys(`${keyPrefix}seeding:*`);

/** What the log says of each row. */
async function loggedRows(): Promise<Readonly<Record<string, string>>> {
  const rows: Record<string, string> = {};
  for (const [, [, text = ""]] of await redis.xrange(`${keyPrefix}log`, "-", "+")) {
    if (text === "") continue;
    const { action, record } = JSON.parse(text);
    if (action === "delete") delete rows[record.id];
    else rows[record.id] = JSON.stringify(record);
  }
  return rows;
}

/** As a writer in another language does it. */
async function writeByTransaction(row: string): Promise<void> {
  const { id } = JSON.parse(row);
  const [rows, log] = [`${keyPrefix}records:posts`, `${keyPrefix}log`];
  await redis.multi().hset(rows, id, row).xadd(log, "*", "event", eventOf("update", row).text).exec();
}

test("are not at hand before they are seeded, though writers keep them", async () => {
  await redis.hset(`${keyPrefix}followed`, "posts", "posts");
  await write(node, "create", json("p1", "a"));
  expect(await redis.hkeys(`${keyPrefix}records:posts`)).toEqual(["p1"]);
  expect(await read(node)).toBeUndefined();
});

test("while many writers go on, seedings leave what the log says, over and over (P6)", async () => {
  const over = new AbortController();
  let written = 0;
  const writeOn = async (one: (row: string, at: number) => Promise<void>): Promise<void> => {
    for (let at = 0; !over.signal.aborted; at++) {
      await one(json(`p${(at * 7) % 50}`, `${at}`), at);
      written += 1;
    }
  };
  const writers = [
    writeOn((row, at) => write(node, at % 3 === 0 ? "delete" : "update", row)),
    writeOn((row) => writeByTransaction(row)),
    // batches, so that at times too many are left for the last step
    writeOn(async (row) => {
      await node.backplane.append(Array.from({ length: 100 }, () => eventOf("update", row)));
    }),
  ];
  for (let round = 0; round < 5; round++) {
    const old = Array.from({ length: 2_000 }, (_, at): SeededRow => [`p${at}`, json(`p${at}`, "seeded")]);
    await seed(node, rowsOf(...old));
  }
  over.abort();
  await Promise.all(writers);
  const [kept, logged] = [await read(node), await loggedRows()];
  const touched = Object.fromEntries(Object.entries(kept ?? {}).filter(([id]) => Number(id.slice(1)) < 50));
  expect(written).toBeGreaterThan(20);
  expect(touched).toEqual(logged);
  expect(Object.keys(kept ?? {})).toHaveLength(1_950 + Object.keys(logged).length);
  expect(await keysLeft()).toEqual([]);
});

test("rows whose writers only wrote the log are as the log says, unless they are written in the last moment", async () => {
  const log = `${keyPrefix}log`;
  await redis.xadd(log, "*", "event", eventOf("create", json("p1", "before")).text);
  async function* seeded(): AsyncGenerator<SeededRow> {
    yield ["p1", json("p1", "seeded")];
    await redis.xadd(log, "*", "event", eventOf("update", json("p2", "meanwhile")).text);
    yield ["p2", json("p2", "seeded")];
  }
  await seed(node, seeded());
  expect(await read(node)).toEqual({ p1: json("p1", "before"), p2: json("p2", "meanwhile") });
});

test("rows are read to their end, also many, without what is no row", async () => {
  const rows = Array.from({ length: 5_000 }, (_, at): SeededRow => [`p${at}`, json(`p${at}`, "a")]);
  expect(await seed(node, rowsOf(...rows))).toBe(5_000);
  await redis.hset(`${keyPrefix}records:posts`, "@other", "x", "gone", "");
  expect(await read(node)).toEqual(Object.fromEntries(rows));
});

test("rows of many collections are read side by side without a warning of Node", async () => {
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", note);
  try {
    const names = Array.from({ length: 20 }, (_, at) => `c${at}`);
    for (const name of names) await redis.hset(`${keyPrefix}records:${name}`, "@seeded", "x");
    await Promise.all(names.map((name) => node.backplane.readRecords(name, () => undefined)));
    await nextTurn();
    expect(warnings).toEqual([]);
  } finally {
    process.off("warning", note);
  }
});

test("rows that are seeded anew while they are read are of no use", async () => {
  await seed(node, rowsOf(["p1", "{}"]));
  const name = (): Promise<string | undefined> => node.backplane.readRecords("posts", () => undefined);
  const before = await name();
  const reading = name();
  await redis.hset(`${keyPrefix}records:posts`, "@seeded", "another");
  expect([before, await name()]).toEqual([expect.any(String), "another"]);
  expect([before, undefined]).toContain(await reading);
});

test("a log that is trimmed past the seeding's place ends it, and the rows stay", async () => {
  await seed(node, rowsOf(["p1", json("p1", "old")]));
  async function* seeded(): AsyncGenerator<SeededRow> {
    yield ["p1", json("p1", "new")];
    await write(node, "create", json("p2", "a"));
    await write(node, "create", json("p3", "a"));
    await redis.xtrim(`${keyPrefix}log`, "MAXLEN", 1);
  }
  await expect(seed(node, seeded())).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("the log was trimmed"),
  });
  expect(await read(node)).toEqual({ p1: json("p1", "old"), p2: json("p2", "a"), p3: json("p3", "a") });
  expect(await keysLeft()).toEqual([]);
});

test("a seeding whose process dies leaves what expires, and the rows as they were", async () => {
  const rest = Promise.withResolvers<SeededRow>();
  const lives: number[] = [];
  async function* seeded(): AsyncGenerator<SeededRow> {
    lives.push(await redis.pttl((await keysLeft())[0] ?? ""));
    for (let at = 0; at < 1_000; at++) yield [`p${at}`, "{}"];
    yield await rest.promise;
  }
  const seeding = seed(node, seeded());
  await expect.poll(async () => redis.hlen((await keysLeft())[0] ?? "")).toBe(1_001);
  const [hash = ""] = await keysLeft();
  lives.push(await redis.pttl(hash));
  expect(lives.map((ms) => ms > 0)).toEqual([true, true]);
  expect(await read(node)).toBeUndefined();
  // as if it had stood still for too long
  await redis.del(hash);
  rest.resolve(["last", "{}"]);
  await expect(seeding).rejects.toThrow("the seeding was lost");
  expect([await read(node), await keysLeft()]).toEqual([undefined, []]);
});

test("in a cluster too: all keys of a deployment are in one slot", async () => {
  const cluster = await startRedisCluster();
  const other = await openRecordingNode({ redisUrl: cluster.url, keyPrefix: "{rt}:" });
  try {
    expect(await seed(other, rowsOf(["p1", "{}"], ["p2", "{}"]))).toBe(2);
    await write(other, "delete", json("p1", "a"));
    await write(other, "create", json("p3", "a"));
    expect(await read(other)).toEqual({ p2: "{}", p3: json("p3", "a") });
    await waitUntil(() => other.seedings.length === 1, "the announcement");
  } finally {
    await other.backplane.close();
    await cluster.close();
  }
}, 30_000);

test("what Redis refuses is told, and an event of a collection's id is one of the collection", async () => {
  await seed(node, rowsOf());
  const text = JSON.stringify({ action: "create", collection: posts.id, record: { id: "p1" } });
  await node.backplane.append([{ text, row: { collection: posts.id, id: "p1", json: '{"id":"p1"}' } }]);
  expect(await read(node)).toEqual({ p1: '{"id":"p1"}' });
  await redis.set(`${keyPrefix}followed`, "no hash");
  await expect(seed(node, rowsOf())).rejects.toMatchObject({ code: "unavailable" });
});
