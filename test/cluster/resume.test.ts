import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type GatewayProcess, startGateways } from "../harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { postSubscriptions, publish } from "../harness/realtime-client.ts";
import { type ReceivedFrame, SseReader } from "../harness/sse-reader.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

const fields = [
  { name: "id", type: "text" },
  { name: "owner", type: "text" },
  { name: "text", type: "text" },
];

/** Everybody's, everybody's own, and superusers'. */
const collections = [
  { name: "posts", listRule: "", viewRule: "", fields },
  { name: "notes", listRule: "owner = @request.auth.id", viewRule: "", fields },
  { name: "audits", listRule: null, viewRule: null, fields },
  { name: "users", type: "auth", listRule: "", viewRule: "", fields },
];

const settings = { HEARTBEAT_SECONDS: "1", MAX_TOTAL_OUTBOX_BYTES: "4000000" };

let file: string;
let nodes: readonly GatewayProcess[];
let superuser: string;

function writeCollections(listRule: string | null): void {
  const [posts, ...others] = collections;
  writeFileSync(file, JSON.stringify([{ ...posts, listRule }, ...others]));
}

async function start(count: number, env: Readonly<Record<string, string>>): Promise<void> {
  file = join(mkdtempSync(join(tmpdir(), "sluice-resume-")), "collections.json");
  writeCollections("");
  superuser = await signSuperuserToken();
  nodes = await startGateways(count, { ...settings, COLLECTIONS_FILE: file, ...env });
}

const stop = (): Promise<unknown> => Promise.all(nodes.map((node) => node.kill()));

const first = (): string => nodes[0]?.url ?? "";
const last = (): string => nodes.at(-1)?.url ?? "";

function eventOf(id: string, more: object = {}): object {
  return { collection: "posts", action: "create", record: { id, ...more } };
}

/** Publishes, and returns the cursors. */
async function write(...events: readonly object[]): Promise<readonly string[]> {
  const { status, text } = await publish(last(), events, superuser);
  expect(status).toBe(200);
  return JSON.parse(text).ids;
}

interface Wish {
  /** Nothing where none is offered. */
  readonly cursor?: string;
  readonly subscriptions?: readonly string[];
  readonly token?: string;
}

/** A stream of the first node, subscribed through the last one. */
async function open({ cursor, subscriptions = ["posts/*"], token }: Wish = {}): Promise<SseReader> {
  const stream = await SseReader.open(first(), cursor === undefined ? {} : { "Last-Event-ID": cursor });
  const { status } = await postSubscriptions(last(), stream.clientId, subscriptions, token);
  expect(status).toBe(204);
  return stream;
}

/** What a stream is told of the cursor that it offered. */
async function outcomeIn(stream: SseReader): Promise<unknown> {
  const { data } = await stream.waitFor(({ event }) => event === "@resume", "@resume");
  return JSON.parse(data ?? "");
}

const idsOf = (frames: readonly ReceivedFrame[]): readonly unknown[] => frames.map(({ id }) => id);

/** Offers a cursor, and returns what is told of it and what comes before that. */
async function comeBack(
  wish: Wish,
): Promise<{ readonly outcome: unknown; readonly ids: readonly unknown[] }> {
  const stream = await open(wish);
  const outcome = await outcomeIn(stream);
  stream.close();
  const told = stream.frames.findIndex(({ event }) => event === "@resume");
  return { outcome, ids: idsOf(stream.frames.slice(2, told)) };
}

const layouts: readonly (readonly [string, () => Promise<void>])[] = [
  ["embedded", () => start(1, {})],
  ["two nodes", () => start(2, { REDIS_URL: inject("redisUrl"), KEY_PREFIX: uniqueKeyPrefix() })],
];

describe.each(layouts)("P5: a client that offers a cursor, %s", (_name, startLayout) => {
  beforeAll(startLayout);
  afterAll(stop);

  test("is sent what lies behind it, then told how much, then what is live", async () => {
    const before = await open();
    const [cursor] = await write(eventOf("p1"));
    await before.waitForCount(1);
    before.close();
    const missed = await write(eventOf("p2"), eventOf("p3"), { topic: "other" });
    const stream = await open({ cursor: idsOf(before.events()).at(-1)?.toString() ?? "" });
    await outcomeIn(stream);
    const live = await write(eventOf("p4"));
    await stream.waitForCount(4);
    expect(stream.events()).toEqual([
      expect.objectContaining({ id: missed[0], event: "posts/*" }),
      expect.objectContaining({ id: missed[1], event: "posts/*" }),
      { id: missed[2], event: "@resume", data: '{"resumed":true,"replayed":2}' },
      expect.objectContaining({ id: live[0], event: "posts/*" }),
    ]);
    expect(idsOf(before.events())).toEqual([cursor]);
    stream.close();
  });

  test("is told at once where it is: PB_CONNECT keeps the client id, and the last event id is the cursor", async () => {
    const [cursor = ""] = await write(eventOf("p1"));
    const stream = await SseReader.open(first(), { "Last-Event-ID": cursor });
    const [connected, place] = stream.frames;
    expect(connected?.id).toBe(stream.clientId);
    expect(JSON.parse(connected?.data ?? "")).toEqual({ clientId: stream.clientId, cursor });
    expect(place).toEqual({ id: cursor, event: "@cursor", data: "" });
    stream.close();
  });

  test("may offer it by the query, for an EventSource that is new", async () => {
    const [cursor = ""] = await write(eventOf("p1"));
    await write(eventOf("p2"));
    const stream = await SseReader.open(first(), {}, `?lastEventId=${cursor}`);
    await postSubscriptions(last(), stream.clientId, ["posts/*"]);
    expect(await outcomeIn(stream)).toEqual({ resumed: true, replayed: 1 });
    stream.close();
  });

  test("may have lost it to a stream that broke off behind PB_CONNECT: then the query counts", async () => {
    const [cursor = ""] = await write(eventOf("p1"));
    const broken = await SseReader.open(first());
    broken.close();
    const headers = { "Last-Event-ID": broken.clientId };
    const stream = await SseReader.open(first(), headers, `?lastEventId=${cursor}`);
    await postSubscriptions(last(), stream.clientId, ["posts/*"]);
    expect(await outcomeIn(stream)).toEqual({ resumed: true, replayed: 0 });
    stream.close();
  });

  test("that missed nothing is told so", async () => {
    const [cursor = ""] = await write(eventOf("p1"));
    expect(await comeBack({ cursor })).toEqual({ outcome: { resumed: true, replayed: 0 }, ids: [] });
  });

  test("goes on inside an event of which it had one frame of three", async () => {
    const subscriptions = ["posts/*", "posts/p1", "posts"];
    const before = await open({ subscriptions });
    const [cursor = ""] = await write(eventOf("p1"));
    await before.waitForCount(3);
    before.close();
    const had = before.events();
    expect(had.at(-1)?.id).toBe(cursor);
    for (const [index, { id = "" }] of had.entries()) {
      const stream = await open({ subscriptions, cursor: id });
      expect(await outcomeIn(stream)).toEqual({ resumed: true, replayed: 2 - index });
      expect(stream.events().slice(0, -1)).toEqual(had.slice(index + 1));
      stream.close();
    }
  });

  test("is not told anything where it only says that it keeps one", async () => {
    const stream = await SseReader.open(first(), {}, "?lastEventId=");
    await postSubscriptions(last(), stream.clientId, ["posts/*"]);
    await write(eventOf("p1"));
    await stream.waitForCount(1);
    expect(stream.events().map(({ event }) => event)).toEqual(["posts/*"]);
    stream.close();
  });

  test.each(["nonsense", "1-0", "1-0.x!", "99999999999999-0", "-", "18446744073709551616-0"])(
    "is refused %j in words, and goes on live",
    async (cursor) => {
      const stream = await open({ cursor });
      expect(await outcomeIn(stream)).toEqual({ resumed: false });
      const [id] = await write(eventOf("p1"));
      await stream.waitForCount(2);
      expect(idsOf(stream.events()).at(-1)).toBe(id);
      stream.close();
    },
  );

  test("that missed more than a node keeps for one is refused as a whole", async () => {
    const [cursor = ""] = await write(eventOf("p1"));
    for (let index = 0; index < 6; index++) await write(eventOf("p1", { text: "x".repeat(200_000) }));
    expect(await comeBack({ cursor })).toEqual({ outcome: { resumed: false }, ids: [] });
    const quiet = await comeBack({ cursor, subscriptions: ["posts/p2"] });
    expect(quiet).toEqual({ outcome: { resumed: true, replayed: 0 }, ids: [] });
  });

  test("that is quiet is moved along by heartbeats", async () => {
    const stream = await open({ subscriptions: ["posts/p2"] });
    const [cursor] = await write(eventOf("p1"));
    await stream.waitFor(({ id, event }) => id === cursor && event === "@cursor", "the cursor");
    expect(stream.events()).toEqual([]);
    stream.close();
  });

  test("has no place in what comes through a channel or was told as a heartbeat: the id stays a cursor", async () => {
    const stream = await open();
    const [cursor] = await write(eventOf("p1"));
    const { heartbeats } = stream;
    await waitUntil(() => stream.heartbeats > heartbeats, "a heartbeat");
    expect(stream.frames.findLast(({ id }) => id !== undefined)?.id).toBe(cursor);
    stream.close();
  });
});

describe("P6: what a client missed is decided by who it is now and by the rules of now", () => {
  beforeAll(() => start(2, { REDIS_URL: inject("redisUrl"), KEY_PREFIX: uniqueKeyPrefix() }));
  afterAll(stop);

  const note = { collection: "notes", action: "create", record: { id: "n1", owner: "ann" } };
  const audit = { collection: "audits", action: "create", record: { id: "a1" } };
  const subscriptions = ["notes/*", "audits/*"];

  /** A cursor behind which a note of Ann's and an audit lie. */
  async function miss(): Promise<string> {
    const [cursor = ""] = await write(eventOf("p1"));
    await write(note, audit);
    return cursor;
  }

  test("who is still the same is sent all of it", async () => {
    const cursor = await miss();
    const ann = await comeBack({ cursor, subscriptions, token: await signToken("ann") });
    expect(ann.outcome).toEqual({ resumed: true, replayed: 1 });
    const root = await comeBack({ cursor, subscriptions, token: superuser });
    expect(root.outcome).toEqual({ resumed: true, replayed: 2 });
  });

  test("who has logged out, or is another, or was demoted, is sent nothing of it", async () => {
    const cursor = await miss();
    const nothing = { outcome: { resumed: true, replayed: 0 }, ids: [] };
    expect(await comeBack({ cursor, subscriptions })).toEqual(nothing);
    expect(await comeBack({ cursor, subscriptions, token: await signToken("bob") })).toEqual(nothing);
    const wasRoot = await signToken("root");
    expect(await comeBack({ cursor, subscriptions: ["audits/*"], token: wasRoot })).toEqual(nothing);
  });

  test("what a rule no longer lets through is not sent", async () => {
    const cursor = await miss();
    await write(eventOf("p2"));
    expect((await comeBack({ cursor })).outcome).toEqual({ resumed: true, replayed: 1 });
    writeCollections(null);
    const resumed = async (): Promise<unknown> => (await comeBack({ cursor })).outcome;
    await expect.poll(resumed, { timeout: 10_000 }).toEqual({ resumed: true, replayed: 0 });
    writeCollections("");
    await expect.poll(resumed, { timeout: 10_000 }).toEqual({ resumed: true, replayed: 1 });
  });
});

describe("P4, P5: the seam", () => {
  beforeAll(() => start(2, { REDIS_URL: inject("redisUrl"), KEY_PREFIX: uniqueKeyPrefix() }));
  afterAll(stop);

  test("has no gap and no repeat under writers that never rest, in 100 returns", async () => {
    const written: string[] = [];
    const rest = new AbortController();
    const writing = (async () => {
      while (!rest.signal.aborted) written.push(...(await write(eventOf(`e${written.length}`))));
    })();
    const read: unknown[] = [];
    let cursor = (await write(eventOf("begin")))[0] ?? "";
    const beginning = cursor;
    for (let round = 0; round < 100; round++) {
      const stream = await open({ cursor });
      expect(await outcomeIn(stream)).toMatchObject({ resumed: true });
      await stream.waitForCount(1 + (round % 5));
      stream.close();
      const events = stream.events().filter(({ event }) => event === "posts/*");
      read.push(...idsOf(events));
      cursor = stream.frames.findLast(({ id }) => id !== undefined)?.id ?? cursor;
    }
    rest.abort();
    await writing;
    const expected = written.slice(written.findIndex((id) => id > beginning));
    expect(read).toEqual(expected.slice(0, read.length));
    expect(read.length).toBeGreaterThan(100);
  });
});

describe("P5: a log that is not the client's any more", () => {
  const prefix = uniqueKeyPrefix();
  let redis: Redis;
  beforeAll(async () => {
    redis = new Redis(inject("redisUrl"));
    await start(2, { REDIS_URL: inject("redisUrl"), KEY_PREFIX: prefix });
  });
  afterAll(async () => {
    redis.disconnect();
    await stop();
  });

  test("an empty log gets an entry that names its beginning", async () => {
    expect(await redis.xrange(`${prefix}log`, "-", "+")).toEqual([[expect.any(String), ["anchor", ""]]]);
  });

  test("trimmed past its place: it is refused", async () => {
    const [cursor = "", next = ""] = await write(eventOf("p1"), eventOf("p2"));
    await redis.xtrim(`${prefix}log`, "MINID", next);
    expect((await comeBack({ cursor })).outcome).toEqual({ resumed: false });
    expect((await comeBack({ cursor: next })).outcome).toEqual({ resumed: true, replayed: 0 });
  });

  test("lost: all streams are told by their end, and their cursors are refused", async () => {
    const stream = await open();
    const [cursor = ""] = await write(eventOf("p1"));
    await stream.waitForCount(1);
    await redis.del(`${prefix}log`);
    await stream.waitForEnd(15_000);
    expect((await comeBack({ cursor })).outcome).toEqual({ resumed: false });
    const [next = ""] = await write(eventOf("p2"));
    await write(eventOf("p3"));
    expect((await comeBack({ cursor: next })).outcome).toEqual({ resumed: true, replayed: 1 });
  });
});
