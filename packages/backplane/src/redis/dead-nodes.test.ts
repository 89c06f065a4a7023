import { guest } from "@sluice/protocol";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { uniqueKeyPrefix } from "../../../../test/harness/key-prefix.ts";
import { openRecordingNode, type RecordingNode } from "../../../../test/harness/recording-node.ts";

let redis: Redis;
let prefix: string;
let owner: RecordingNode;
let other: RecordingNode;
let cursors: readonly string[];
beforeEach(async () => {
  redis = new Redis(inject("redisUrl"));
  prefix = uniqueKeyPrefix();
  const options = { redisUrl: inject("redisUrl"), keyPrefix: prefix };
  owner = await openRecordingNode(options);
  other = await openRecordingNode(options);
  cursors = await owner.backplane.append([{ text: "one" }, { text: "two" }, { text: "three" }]);
});
afterEach(async () => {
  await owner.backplane.close();
  await other.backplane.close();
  redis.disconnect();
});

/** Has a client of a node subscribe; returns the cursor that it adopts. */
async function arrive(node: RecordingNode, clientId: string): Promise<string | undefined> {
  await node.hold(clientId);
  const ticket = await other.backplane.takeTicket();
  const change = { clientId, ticket, address: "", identity: guest, subscriptions: ["a"] };
  expect(await other.backplane.subscribe(change)).toBe("live");
  return node.applied.at(-1)?.adopted;
}

const record = (position = "", laggards: Readonly<Record<string, string>> = {}): Promise<void> =>
  owner.backplane.record({ position, laggards: new Map(Object.entries(laggards)) });

/** Makes a node look dead, as it does when its heartbeat fails to come. */
const die = (): Promise<unknown> => redis.del(`${prefix}node:${owner.backplane.nodeId}`);

describe("a dead node's client is adopted", () => {
  test("where the node's clients were when it said so last", async () => {
    await arrive(owner, "c1");
    const [later = ""] = await other.backplane.append([{ text: "later" }]);
    await record(later);
    await die();
    expect(await arrive(other, "c2")).toBe(later);
  });

  test("where it was itself if it had had less", async () => {
    await arrive(owner, "c1");
    await record(cursors[2], { c1: cursors[0] ?? "" });
    await die();
    expect(await arrive(other, "c2")).toBe(cursors[0]);
  });

  test("where it began if the node had never said so", async () => {
    await arrive(owner, "c1");
    await other.backplane.append([{ text: "later" }]);
    await die();
    expect(await arrive(other, "c2")).toBe(cursors[2]);
  });

  test("where it began if the node had said so only before", async () => {
    await record(cursors[0]);
    await arrive(owner, "c1");
    await die();
    expect(await arrive(other, "c2")).toBe(cursors[2]);
  });

  test("where it was to begin if it was never served", async () => {
    await arrive(owner, "c1");
    await owner.backplane.unregister("c1", { orphanedAt: cursors[0], wasSubscribed: true });
    expect(await arrive(owner, "c2")).toBe(cursors[0]);
    await die();
    expect(await arrive(other, "c3")).toBe(cursors[0]);
  });

  test("also where its set changed last, and what it had had then does not count", async () => {
    await record(cursors[0]);
    await arrive(owner, "c1");
    await record(cursors[1]);
    await other.backplane.append([{ text: "later" }]);
    const ticket = await other.backplane.takeTicket();
    const change = { clientId: "c1", ticket, address: "", identity: guest, subscriptions: ["a"] };
    await other.backplane.subscribe(change);
    await die();
    expect(await arrive(other, "c2")).toBe(cursors[2]);
  });
});

test("a client is adopted as what it is now, also where its node was writing down what it was", async () => {
  await arrive(owner, "c1");
  const holds = `${prefix}holds:${owner.backplane.nodeId}`;
  const stale = (await redis.hget(holds, "c1")) ?? "";
  await record(cursors[1]);
  const ticket = await other.backplane.takeTicket();
  const change = { clientId: "c1", ticket, address: "", identity: guest, subscriptions: ["a", "b"] };
  await other.backplane.subscribe(change);
  await redis.hset(holds, "c1", stale);
  await record(cursors[2]);
  await die();
  await other.hold("c2");
  const again = { ...change, clientId: "c2", ticket: await other.backplane.takeTicket() };
  await other.backplane.subscribe(again);
  expect(other.applied.at(-1)?.adopted).toBe(cursors[2]);
});

test("a client that has lost its identity is adopted as the guest that it is", async () => {
  const ann = {
    kind: "record",
    id: "ann",
    collectionId: "users_id",
    collectionName: "users",
    claims: {},
  } as const;
  await owner.hold("c1");
  const ticket = await other.backplane.takeTicket();
  await other.backplane.subscribe({
    clientId: "c1",
    ticket,
    address: "",
    identity: ann,
    subscriptions: ["a"],
  });
  const state = owner.clients.get("c1");
  if (state !== undefined) owner.clients.set("c1", { ...state, identity: guest });
  await owner.backplane.release(["c1"], "users_id/ann");
  await record(cursors[2]);
  await die();
  expect(await arrive(other, "c2")).toBe(cursors[2]);
});

test("a client that has had its last frame of a subscription is adopted without that", async () => {
  await owner.hold("c1");
  const ticket = await other.backplane.takeTicket();
  const change = { clientId: "c1", ticket, address: "", identity: guest, subscriptions: ["a", "@oauth2"] };
  await other.backplane.subscribe(change);
  await record(cursors[1]);
  const frame = { clientId: "c1", address: "", subscription: "@oauth2", data: "{}" };
  expect(await other.backplane.sendLast(frame)).toBe("sent");
  await record(cursors[2]);
  await die();
  expect(await arrive(other, "c2")).toBe(cursors[2]);
});

test("a node that was taken for dead takes back its clients, and nobody adopts them any more", async () => {
  await arrive(owner, "c1");
  await record(cursors[2]);
  await die();
  expect(await arrive(other, "c2")).toBe(cursors[2]);
  await arrive(owner, "c3");
  await record(cursors[2]);
  expect(await arrive(other, "c4")).toBeUndefined();
  await die();
  expect(await arrive(other, "c5")).toBe(cursors[2]);
});

test("the streams of a dead node do not count, until it tells them again", async () => {
  await owner.backplane.exchangeLoads(3);
  await die();
  expect(await other.backplane.exchangeLoads(5)).toEqual([]);
  expect(await owner.backplane.exchangeLoads(3)).toEqual([5]);
});

test("a request for a client of a dead node adopts nobody and makes no orphan, however often it is tried", async () => {
  await arrive(owner, "c1");
  await owner.backplane.unregister("c1", { orphanedAt: cursors[1], wasSubscribed: true });
  await owner.hold("c2");
  await owner.backplane.close();
  // as it is left by a process that was killed
  await redis.set(`${prefix}node:${owner.backplane.nodeId}`, "1", "PX", 6_000);
  const ticket = await other.backplane.takeTicket();
  const change = { clientId: "c2", ticket, address: "", identity: guest, subscriptions: ["a"] };
  expect(await other.backplane.subscribe(change)).toBe("no-answer");
  expect(await arrive(other, "c3")).toBe(cursors[1]);
  const [key = ""] = await redis.keys(`${prefix}orphans:*`);
  await redis.hdel(key, "@");
  const fields = await redis.hvals(key);
  expect(fields.map((text) => Number.parseInt(text, 10))).toEqual([0]);
});

test("who leaves a node that was taken for dead is no orphan, also where that is known late", async () => {
  await arrive(owner, "c1");
  await record(cursors[2]);
  await die();
  // makes orphans of the dead node's clients, and adopts nobody
  await other.hold("d1");
  const ticket = await other.backplane.takeTicket();
  await other.backplane.subscribe({
    clientId: "d1",
    ticket,
    address: "",
    identity: guest,
    subscriptions: ["z"],
  });
  await owner.backplane.unregister("c1", { wasSubscribed: true });
  expect(await arrive(other, "c2")).toBeUndefined();
});

test("what a node that was taken for dead ends meanwhile is adopted all the same", async () => {
  await arrive(owner, "c1");
  await arrive(owner, "c2");
  await record(cursors[2]);
  await die();
  await arrive(other, "c3");
  await owner.backplane.unregister("c1", { orphanedAt: cursors[1], wasSubscribed: true });
  await record(cursors[2]);
  expect(await arrive(other, "c4")).toBe(cursors[1]);
});

test("thousands of orphans that are alike are few fields, and each is adopted once", async () => {
  const many = Array.from({ length: 1_000 }, (_, index) => `c${index}`);
  for (const id of many) await arrive(owner, id);
  const startMs = Math.ceil(Date.now() / 1_000) * 1_000 + 10_000;
  for (const [index, id] of many.entries()) {
    const orphanedAt = await redis.xadd(`${prefix}log`, `${startMs + index}-0`, "event", "later");
    await owner.backplane.unregister(id, { orphanedAt: orphanedAt ?? "", wasSubscribed: true });
  }
  const [key = ""] = await redis.keys(`${prefix}orphans:*`);
  const fields = await redis.hvals(key);
  expect(fields).toHaveLength(5);
  expect(fields.reduce((sum, text) => sum + Number.parseInt(text, 10), 0)).toBe(1_000);
  expect(await arrive(other, "d1")).toBe(`${startMs}-0`);
});

describe("an orphan whose place is gone from the log", () => {
  beforeEach(async () => {
    await arrive(owner, "c1");
    await owner.backplane.unregister("c1", { orphanedAt: cursors[1], wasSubscribed: true });
  });

  test("begins behind the entry before it, where others were lost with it", async () => {
    await redis.xdel(`${prefix}log`, cursors[1] ?? "");
    expect(await arrive(other, "c2")).toBe(cursors[0]);
  });

  test("begins with the first entry where the log begins later", async () => {
    await redis.xtrim(`${prefix}log`, "MINID", cursors[2] ?? "");
    expect(await arrive(other, "c2")).toBe(`${cursors[2]}.0`);
  });

  test("is none where the log is empty", async () => {
    await redis.del(`${prefix}log`);
    expect(await arrive(other, "c2")).toBeUndefined();
  });
});

test("an orphan that was written though its node did not hear so is not written again", async () => {
  await arrive(owner, "c1");
  for (let time = 0; time < 2; time++) await owner.backplane.orphan("c1", cursors[1] ?? "");
  const [key = ""] = await redis.keys(`${prefix}orphans:*`);
  expect((await redis.hvals(key)).map((text) => Number.parseInt(text, 10))).toEqual([1]);
});

test("while Redis was away nobody could come: the time does not count", async () => {
  for (const id of ["c1", "c2"]) await arrive(owner, id);
  for (const id of ["c1", "c2"]) {
    await owner.backplane.unregister(id, { orphanedAt: cursors[1], wasSubscribed: true });
  }
  // another two that are alike come first
  for (const id of ["d1", "d2"]) expect(await arrive(other, id)).toBe(cursors[1]);
  const [key = ""] = await redis.keys(`${prefix}orphans:*`);
  const field = (await redis.hkeys(key)).find((name) => name !== "@") ?? "";
  const endedMs = Date.now() - 10_000;
  await redis.hset(key, field, `0 ${endedMs} ${cursors[1]}`);
  await redis.set(`${prefix}away`, 9_000);
  expect(await arrive(other, "d3")).toBe(cursors[1]);
  await redis.del(`${prefix}away`);
  expect(await arrive(other, "d4")).toBeUndefined();
  // a node that was there first did not know of it
  await redis.set(`${prefix}away`, 9_000);
  expect(await arrive(other, "d5")).toBe(cursors[1]);
});

test("while others are out a place that was taken counts for longer, and no more once all are back", async () => {
  for (const id of ["c1", "c2", "c3"]) await arrive(owner, id);
  const places = [cursors[0], cursors[1], await laterEntry()];
  for (const [index, orphanedAt] of places.entries()) {
    await owner.backplane.unregister(`c${index + 1}`, { orphanedAt: orphanedAt ?? "", wasSubscribed: true });
  }
  // the last was refused less often than the first
  expect(await arrive(other, "d3")).toBe(cursors[0]);
  await makeOlder(4_000);
  expect(await arrive(other, "d1")).toBe(cursors[0]);
  expect(await arrive(other, "d2")).toBe(cursors[0]);
  await makeOlder(2_300);
  expect(await arrive(other, "d4")).toBeUndefined();
});

/** Writes an entry whose orphans are told apart from others. */
async function laterEntry(): Promise<string> {
  const id = `${Number(cursors[2]?.split("-")[0]) + 1_000}-0`;
  return (await redis.xadd(`${prefix}log`, id, "event", "later")) ?? "";
}

/** Moves all that is known of when orphans ended and were adopted into the past. */
async function makeOlder(byMs: number): Promise<void> {
  const [key = ""] = await redis.keys(`${prefix}orphans:*`);
  for (const [field, text] of Object.entries(await redis.hgetall(key))) {
    const [left, lastMs, cursor] = text.split(" ");
    const older = field === "@" ? `${Number(text) - byMs}` : [left, Number(lastMs) - byMs, cursor].join(" ");
    await redis.hset(key, field, older);
  }
}

test("a node that was cut off tells for how long", async () => {
  const lostMs = performance.now();
  const name = `sluice-${owner.backplane.nodeId}-channels`;
  const own = String(await redis.client("LIST"))
    .split("\n")
    .find((line) => line.includes(name));
  await redis.call("CLIENT", "KILL", "ID", /^id=(\d+)/.exec(own ?? "")?.[1] ?? "");
  await expect.poll(() => redis.get(`${prefix}away`), { timeout: 5_000 }).not.toBeNull();
  const awayMs = Number(await redis.get(`${prefix}away`));
  expect(awayMs).toBeGreaterThan(0);
  // as seen from the last read, which ends within two seconds
  expect(awayMs).toBeLessThan(performance.now() - lostMs + 2_100);
});
