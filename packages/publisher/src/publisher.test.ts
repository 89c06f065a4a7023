import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { uniqueKeyPrefix } from "../../../test/harness/key-prefix.ts";
import { waitUntil } from "../../../test/harness/wait-until.ts";
import { createChannelPublisher, createPublisher, type RecordChange } from "./index.ts";

let redis: Redis;
let keyPrefix: string;
beforeAll(() => {
  redis = new Redis(inject("redisUrl"));
});
beforeEach(() => {
  keyPrefix = uniqueKeyPrefix();
});
afterAll(() => redis.disconnect());

const change = (id: string): RecordChange => ({ collection: "posts", action: "create", record: { id } });

async function logged(): Promise<readonly (readonly [cursor: string, event: unknown])[]> {
  const entries = await redis.xrange(`${keyPrefix}log`, "-", "+");
  return entries.map(([cursor, [, text = ""]]) => [cursor, JSON.parse(text)]);
}

describe("the log", () => {
  test("a record change becomes one log entry, and its cursor is returned", async () => {
    const cursor = await createPublisher(redis, { keyPrefix }).record({ ...change("p1"), before: { a: 1 } });
    expect(await logged()).toEqual([[cursor, { ...change("p1"), before: { a: 1 } }]]);
  });

  test("a message goes through the log too", async () => {
    const message = { topic: "news", data: [1, null], clientId: "c1", rule: null };
    const cursor = await createPublisher(redis, { keyPrefix }).message(message);
    expect(await logged()).toEqual([[cursor, message]]);
  });

  test("a batch keeps its order and returns a cursor for each event", async () => {
    const events = [change("p1"), { topic: "news", data: "x" }, change("p2")];
    const cursors = await createPublisher(redis, { keyPrefix }).batch(events);
    expect(await logged()).toEqual(events.map((event, index) => [cursors[index], event]));
  });

  test("an empty batch writes nothing", async () => {
    expect(await createPublisher(redis, { keyPrefix }).batch([])).toEqual([]);
    expect(await logged()).toEqual([]);
  });

  test("a batch with one bad event writes nothing at all", async () => {
    const publisher = createPublisher(redis, { keyPrefix });
    const batch = publisher.batch([change("p1"), change("*")]);
    await expect(batch).rejects.toMatchObject({ code: "malformed_event" });
    expect(await logged()).toEqual([]);
  });

  test("the row of a followed collection is kept as its last event leaves it, in the same step", async () => {
    await redis.hset(`${keyPrefix}followed`, "posts", "posts", "pbc_1", "posts");
    const publisher = createPublisher(redis, { keyPrefix });
    const update = {
      ...change("p1"),
      action: "update",
      record: { id: "p1", tags: [], n: 1.5, e: {} },
    } as const;
    await publisher.batch([change("p1"), change("p2"), { topic: "news" }, update]);
    await publisher.record({ ...change("p3"), collection: "pbc_1" });
    await publisher.record({ ...change("p2"), action: "delete" });
    await publisher.record({ ...change("n1"), collection: "notes" });
    await publisher.record({ ...change("@seeded") });
    expect(await redis.hgetall(`${keyPrefix}records:posts`)).toEqual({
      p1: '{"id":"p1","tags":[],"n":1.5,"e":{}}',
      p3: '{"id":"p3"}',
    });
    expect(await redis.keys(`${keyPrefix}records:*`)).toEqual([`${keyPrefix}records:posts`]);
    expect(await logged()).toHaveLength(8);
  });

  test("where the row cannot be kept nothing is written", async () => {
    await redis.hset(`${keyPrefix}followed`, "posts", "posts");
    await redis.set(`${keyPrefix}records:posts`, "no hash");
    const batch = createPublisher(redis, { keyPrefix }).batch([{ topic: "news" }, change("p1")]);
    await expect(batch).rejects.toThrow("WRONGTYPE");
    expect(await logged()).toEqual([]);
  });

  test("an error of Redis reaches the caller", async () => {
    await redis.set(`${keyPrefix}log`, "no stream");
    await expect(createPublisher(redis, { keyPrefix }).record(change("p1"))).rejects.toThrow("WRONGTYPE");
  });

  test("without options it writes under rt:", async () => {
    const commands: string[] = [];
    const monitor = await redis.duplicate().monitor();
    monitor.on("monitor", (_time: string, [name, , , key]: string[]) => commands.push(`${name} ${key}`));
    await createPublisher(redis).message({ topic: "nobody-listens" });
    await expect.poll(() => commands).toContain("evalsha rt:log");
    monitor.disconnect();
  });
});

describe("the channels", () => {
  test("records go to their collection's channel, messages to the message channel, in order", async () => {
    const listener = redis.duplicate();
    const heard: unknown[] = [];
    listener.on("message", (channel: string, text: string) => heard.push([channel, JSON.parse(text)]));
    await listener.subscribe(`${keyPrefix}record:posts`, `${keyPrefix}message`);
    const publisher = createChannelPublisher(redis, { keyPrefix });
    await publisher.record(change("p1"));
    await publisher.message({ topic: "news" });
    await publisher.batch([{ topic: "news", data: 2 }, change("p2")]);
    await waitUntil(() => heard.length === 4, "four messages");
    expect(heard).toEqual([
      [`${keyPrefix}record:posts`, change("p1")],
      [`${keyPrefix}message`, { topic: "news" }],
      [`${keyPrefix}message`, { topic: "news", data: 2 }],
      [`${keyPrefix}record:posts`, change("p2")],
    ]);
    listener.disconnect();
  });

  test("the channel is that of the event as gateways read it", async () => {
    const listener = redis.duplicate();
    const heard: string[] = [];
    listener.on("message", (channel: string) => heard.push(channel));
    await listener.subscribe(`${keyPrefix}record:posts`, `${keyPrefix}message`);
    const bare = { action: "create", record: { id: "p1", collectionName: "posts" } } as const;
    // what a caller without types may pass
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    await createChannelPublisher(redis, { keyPrefix }).record(bare as unknown as RecordChange);
    await createChannelPublisher(redis, { keyPrefix }).message({ topic: "news" });
    await waitUntil(() => heard.includes(`${keyPrefix}message`), "the message");
    expect(heard).toEqual([`${keyPrefix}record:posts`, `${keyPrefix}message`]);
    listener.disconnect();
  });
});

const cyclic: Record<string, unknown> = { id: "p1" };
cyclic["self"] = cyclic;

test.each([
  ["no record id", { collection: "posts", action: "create", record: {} }, "record.id"],
  ["an unknown action", { collection: "posts", action: "upsert", record: { id: "p1" } }, "action"],
  ["no collection", { action: "create", record: { id: "p1" } }, "collection"],
  ["a reserved topic", { topic: "@oauth2" }, "reserved"],
  ["nothing", undefined, "got null"],
  ["a value that JSON cannot hold", { ...change("p1"), record: cyclic }, "JSON"],
])("%s is refused before anything is sent", async (_what, event, said) => {
  for (const create of [createPublisher, createChannelPublisher]) {
    // what a caller without types may pass
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const publishing = create(redis, { keyPrefix }).record(event as RecordChange);
    await expect(publishing).rejects.toMatchObject({
      name: "PublishError",
      code: "malformed_event",
      message: expect.stringContaining(said),
    });
  }
  expect(await logged()).toEqual([]);
});

test("an event over the gateways' limit is refused, counted in bytes", async () => {
  const publisher = createPublisher(redis, { keyPrefix, maxEventBytes: 100 });
  await publisher.message({ topic: "news", data: "x".repeat(60) });
  await expect(publisher.message({ topic: "news", data: "é".repeat(60) })).rejects.toMatchObject({
    code: "event_too_large",
  });
  expect(await logged()).toHaveLength(1);
});

test("a batch of 100 takes one round trip", async () => {
  const turns: string[] = [];
  const note = (direction: string): void => {
    if (turns.at(-1) !== direction) turns.push(direction);
  };
  const { port: redisPort } = new URL(inject("redisUrl"));
  const proxy = createServer((socket) => {
    const target = connect(Number(redisPort), "127.0.0.1");
    socket.on("data", (chunk) => (note("request"), target.write(chunk)));
    target.on("data", (chunk) => (note("reply"), socket.write(chunk)));
    socket.on("close", () => target.destroy());
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const address = proxy.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const client = new Redis(port, "127.0.0.1");
  // Redis keeps the script from the first time
  await createPublisher(client, { keyPrefix }).record(change("p0"));
  turns.length = 0;
  const events = Array.from({ length: 100 }, (_, index) => change(`p${index}`));
  expect(await createPublisher(client, { keyPrefix }).batch(events)).toHaveLength(100);
  expect(turns.filter((turn) => turn === "request")).toHaveLength(1);
  client.disconnect();
  proxy.close();
});
