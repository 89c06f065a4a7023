import { guest } from "@sluice/protocol";
import { Redis } from "ioredis";
import { describe, expect, inject, test } from "vitest";
import { type BreakableProxy, startBreakableProxy } from "../../../../test/harness/breakable-proxy.ts";
import { uniqueKeyPrefix } from "../../../../test/harness/key-prefix.ts";
import { openRecordingNode, type RecordingNode } from "../../../../test/harness/recording-node.ts";
import { waitUntil } from "../../../../test/harness/wait-until.ts";
import type { SubscribeOutcome, SubscriptionChange } from "../backplane.ts";

const unavailable = { name: "BackplaneError", code: "unavailable" };

const lastFrame = { clientId: "c1", address: "", subscription: "@oauth2", data: "{}" };

/** Two nodes over one Redis, the second behind a network that breaks, and a writer. */
interface Scene {
  readonly near: RecordingNode;
  readonly far: RecordingNode;
  /** The network of the far node. */
  readonly network: BreakableProxy;
  readonly redis: Redis;
  readonly keyPrefix: string;
}

async function withScene(work: (scene: Scene) => Promise<void>): Promise<void> {
  const redisUrl = inject("redisUrl");
  const keyPrefix = uniqueKeyPrefix();
  const { port } = new URL(redisUrl);
  const network = await startBreakableProxy(Number(port === "" ? 6379 : port));
  const farUrl = new URL(redisUrl);
  farUrl.host = `127.0.0.1:${network.port}`;
  const redis = new Redis(redisUrl);
  const near = await openRecordingNode({ redisUrl, keyPrefix });
  const far = await openRecordingNode({ redisUrl: farUrl.href, keyPrefix });
  try {
    await work({ near, far, network, redis, keyPrefix });
  } finally {
    network.heal();
    await Promise.all([near.backplane.close(), far.backplane.close()]);
    await network.close();
    redis.disconnect();
  }
}

async function changeFrom(
  { backplane }: RecordingNode,
  ...subscriptions: string[]
): Promise<SubscriptionChange> {
  const ticket = await backplane.takeTicket();
  return { clientId: "c1", ticket, address: "", identity: guest, subscriptions };
}

async function ask(node: RecordingNode): Promise<SubscribeOutcome> {
  return node.backplane.subscribe(await changeFrom(node, "a"));
}

/** The outcome of a question, and whether it came within two seconds. */
async function timed<T>(question: Promise<T>): Promise<{ outcome: T; inTime: boolean }> {
  const startMs = performance.now();
  const outcome = await question;
  return { outcome, inTime: performance.now() - startMs < 2_000 };
}

const textsOf = ({ events }: RecordingNode): readonly string[] => events.map(({ text }) => text);

describe.concurrent("a node's network", { timeout: 30_000 }, () => {
  test("breaks while the node takes up its channels again: it listens all the same", async () => {
    await withScene(async ({ far, near, network, redis, keyPrefix }) => {
      await far.hold("c1");
      const cutAgain = network.cutOnce("subscribe");
      network.cut();
      await cutAgain;
      const hears = async (): Promise<boolean> =>
        (await redis.publish(`${keyPrefix}record:posts`, "text")) === 2;
      await waitUntil(hears, "both nodes to listen");
      await waitUntil(() => textsOf(far).includes("text"), "an event of a channel");
      expect(await ask(near)).toBe("live");
    });
  });

  test("hangs: of two requests the older is not answered before the owner has applied one", async () => {
    await withScene(async ({ far, near, network, redis, keyPrefix }) => {
      await far.hold("c1");
      const older = await changeFrom(near, "older");
      const newer = await changeFrom(near, "newer");
      network.hold();
      const newerOutcome = near.backplane.subscribe(newer);
      const stored = async (): Promise<boolean> =>
        (await redis.hget(`${keyPrefix}client:c1`, "version")) === String(newer.ticket);
      await waitUntil(stored, "the newer request to be stored");
      const olderOutcome = near.backplane
        .subscribe(older)
        .then((outcome) => [outcome, far.applied.length > 0]);
      // answers come in order: by now the older request has been to Redis
      await near.backplane.takeTicket();
      network.heal();
      expect(await olderOutcome).toEqual(["live", true]);
      expect(await newerOutcome).toBe("live");
      expect(far.clients.get("c1")?.subscriptions).toEqual(["newer"]);
    });
  });

  test("hangs while the log is trimmed past the node's place: the gap is told, not jumped over", async () => {
    await withScene(async ({ far, near, network, redis, keyPrefix }) => {
      network.hold();
      for (const text of ["on its way", "unread", "last"]) await near.backplane.append([{ text }]);
      await redis.xtrim(`${keyPrefix}log`, "MAXLEN", 1);
      network.heal();
      await waitUntil(() => far.counts.gaps === 1, "the gap");
      await near.backplane.append([{ text: "after" }]);
      await waitUntil(() => textsOf(far).includes("after"), "an event behind the gap");
      expect(textsOf(far)).toEqual(["on its way", "after"]);
      expect([far.counts.gaps, far.connections, far.faults]).toEqual([1, [], []]);
      expect([textsOf(near), near.counts.gaps]).toEqual([["on its way", "unread", "last", "after"], 0]);
    });
  });

  test("is gone: its clients are given up in time, then unknown, and findable again when it is back", async () => {
    await withScene(async ({ far, near, network, redis, keyPrefix }) => {
      await far.hold("c1");
      network.isolate();
      await waitUntil(() => far.connections.includes(false), "the cut to be noticed");
      await expect(far.backplane.takeTicket()).rejects.toMatchObject(unavailable);
      await expect(far.hold("c2")).rejects.toMatchObject(unavailable);
      expect(await timed(ask(near))).toEqual({ outcome: "no-answer", inTime: true });
      // as six seconds later
      await redis.del(`${keyPrefix}node:${far.backplane.nodeId}`);
      expect(await timed(ask(near))).toEqual({ outcome: "unknown-client", inTime: true });
      await near.backplane.append([{ text: "one" }]);
      await near.backplane.append([{ text: "two" }]);
      await near.backplane.putCollection("posts", "{}");
      network.heal();
      await waitUntil(() => far.events.length === 2, "the events behind the cut");
      expect(textsOf(far)).toEqual(["one", "two"]);
      await waitUntil(() => far.counts.collectionChanges > 0, "the collections to be looked up again");
      await waitUntil(() => far.seedings.includes("*"), "the kept rows to be doubted");
      await waitUntil(async () => (await ask(near)) === "live", "the client to be findable", 3_000);
      expect([far.connections, far.counts.gaps, far.faults]).toEqual([[false, true], 0, []]);
      expect([near.connections, near.counts.gaps, near.faults]).toEqual([[], 0, []]);
    });
  });

  test("is gone: who could not be taken in then is not kept alive later", async () => {
    await withScene(async ({ far, network, redis, keyPrefix }) => {
      await far.hold("c1");
      network.isolate();
      await waitUntil(() => far.connections.includes(false), "the cut to be noticed");
      await expect(far.hold("c2")).rejects.toMatchObject(unavailable);
      // as if only the answer had been lost
      await redis.hset(`${keyPrefix}client:c2`, "node", far.backplane.nodeId);
      for (const id of ["c1", "c2"]) await redis.pexpire(`${keyPrefix}client:${id}`, 15_000);
      network.heal();
      const life = (id: string): Promise<number> => redis.pttl(`${keyPrefix}client:${id}`);
      await waitUntil(async () => (await life("c1")) > 20_000, "the entries' lives to be renewed");
      expect(await life("c2")).toBeLessThanOrEqual(15_000);
    });
  });

  test("breaks while rows are read: they are read to their end from one Redis, or not at all", async () => {
    await withScene(async ({ far, network, redis, keyPrefix }) => {
      const rows = Array.from({ length: 5_000 }, (_, at) => [`p${at}`, "{}"]);
      await redis.hset(`${keyPrefix}records:posts`, "@seeded", "x", ...rows.flat());
      let taken = 0;
      const take = (): void => {
        taken += 1;
        if (taken === 1) network.cut();
      };
      await expect(far.backplane.readRecords("posts", take)).rejects.toMatchObject(unavailable);
      expect(taken).toBeLessThan(5_000);
    });
  });

  test("breaks while counts are added: what Redis has of them expires", async () => {
    await withScene(async ({ far, network, redis, keyPrefix }) => {
      const cut = network.cutOnce("pexpire");
      // more than goes over a network at once
      const counts = new Map(Array.from({ length: 20_000 }, (_, at) => [`address ${at}`, 1]));
      await expect(far.backplane.addCounts("1", counts)).rejects.toMatchObject(unavailable);
      await cut;
      expect(await redis.pttl(`${keyPrefix}counts:1`)).not.toBe(-1);
    });
  });

  test("breaks while the node takes its clients back: it takes them back all the same", async () => {
    await withScene(async ({ far, network, redis, keyPrefix }) => {
      await far.hold("c1");
      expect(await ask(far)).toBe("live");
      const holds = `${keyPrefix}holds:${far.backplane.nodeId}`;
      const record = (): Promise<void> => far.backplane.record({ position: "1-0", laggards: new Map() });
      await record();
      const [likeness = ""] = ((await redis.hget(holds, "c1")) ?? "").split(" ");
      // as others do who take the node for dead
      await redis.del(holds);
      const cut = network.cutOnce(likeness);
      await record();
      await cut;
      await waitUntil(() => far.backplane.connected, "the connections to be back");
      await record();
      expect(await redis.hget(holds, "c1")).toBe(likeness);
    });
  });

  test("loses the answer to what is noted of clients: the node takes them all back", async () => {
    await withScene(async ({ far, network, redis, keyPrefix }) => {
      await far.hold("c1");
      expect(await ask(far)).toBe("live");
      const holds = `${keyPrefix}holds:${far.backplane.nodeId}`;
      await far.backplane.record({ position: "1-0", laggards: new Map() });
      const hold = await redis.hget(holds, "c1");
      await redis.del(holds);
      // more than goes over a network at once, and cut at its end
      const laggards = new Map(Array.from({ length: 2_000 }, (_, at) => [`lags${at}`, "1-0"]));
      const state = far.clients.get("c1");
      for (const id of laggards.keys()) if (state !== undefined) far.clients.set(id, state);
      const cut = network.cutOnce("pexpire");
      await far.backplane.record({ position: "2-0", laggards });
      await cut;
      await waitUntil(() => far.backplane.connected, "the connections to be back");
      expect(await redis.hexists(holds, "@")).toBe(1);
      await far.backplane.record({ position: "2-0", laggards: new Map() });
      expect(await redis.hget(holds, "c1")).toBe(hold);
    });
  });

  test("swallows everything: requests fail in bounded time, and nothing of the log is lost", async () => {
    await withScene(async ({ far, near, network }) => {
      await far.hold("c1");
      network.hold();
      const startMs = performance.now();
      const given = far.backplane.takeTicket();
      const asked = ask(near);
      await near.backplane.append([{ text: "one" }]);
      await expect(given).rejects.toMatchObject(unavailable);
      await waitUntil(() => !far.backplane.connected, "the silence to be noticed", 8_000);
      // the owner's key may expire while it is asked
      expect(["no-answer", "unknown-client"]).toContain(await asked);
      expect(performance.now() - startMs).toBeLessThan(9_000);
      await near.backplane.append([{ text: "two" }]);
      network.heal();
      await waitUntil(() => far.events.length === 2, "the events behind the silence", 10_000);
      expect(textsOf(far)).toEqual(["one", "two"]);
      await waitUntil(() => far.backplane.connected, "the connections to be back", 10_000);
      expect(await ask(near)).toBe("live");
      expect([far.connections, far.counts.gaps]).toEqual([[false, true], 0]);
    });
  });

  test("hangs for a moment: nothing fails and nobody is told", async () => {
    await withScene(async ({ far, near, network }) => {
      await far.hold("c1");
      network.hold();
      const asked = ask(near);
      await near.backplane.append([{ text: "one" }]);
      network.heal();
      expect(await asked).toBe("live");
      await waitUntil(() => far.events.length === 1, "the event");
      expect([far.connections, far.counts.gaps, far.faults]).toEqual([[], 0, []]);
    });
  });

  test("loses an owner's answer: the owner is asked again", async () => {
    await withScene(async ({ far, near, network }) => {
      await far.hold("c1");
      const lost = network.cutOnce('"type":"answer"');
      expect(await ask(near)).toBe("live");
      await lost;
      expect(far.applied).toHaveLength(2);
      expect(new Set(far.applied.map(({ version }) => version)).size).toBe(1);
    });
  });

  test("loses the answer to a last frame: that is said, and the frame is not sent again", async () => {
    await withScene(async ({ far, near, network }) => {
      await far.hold("c1");
      await near.backplane.subscribe(await changeFrom(near, "@oauth2"));
      const lost = network.cutOnce('"type":"answer"');
      expect(await near.backplane.sendLast(lastFrame)).toBe("no-answer");
      await lost;
      expect(await near.backplane.sendLast(lastFrame)).toBe("not-subscribed");
      expect(far.lastFrames).toEqual([lastFrame]);
    });
  });

  test("is gone: a last frame is kept for later", async () => {
    await withScene(async ({ far, near, network }) => {
      await far.hold("c1");
      await near.backplane.subscribe(await changeFrom(near, "@oauth2"));
      network.isolate();
      await waitUntil(() => far.connections.includes(false), "the cut to be noticed");
      const { outcome, inTime } = await timed(near.backplane.sendLast(lastFrame));
      expect([outcome, inTime]).toEqual(["no-answer", true]);
      network.heal();
      // listening alone is not enough: an owner that cannot answer yet sends the frame all the same
      await waitUntil(() => far.backplane.connected, "the connections to be back");
      const send = async (): Promise<boolean> => (await near.backplane.sendLast(lastFrame)) === "sent";
      await waitUntil(send, "the frame to be sent");
      expect(far.lastFrames).toEqual([lastFrame]);
    });
  });

  test("loses the asker's channels: it asks again until it hears the answer", async () => {
    await withScene(async ({ far, near, redis }) => {
      await near.hold("c1");
      const set = await changeFrom(far, "a");
      const name = `name=sluice-${far.backplane.nodeId}-channels`;
      const lines = String(await redis.call("CLIENT", "LIST")).split("\n");
      const id = /id=(\d+)/.exec(lines.find((line) => line.includes(name)) ?? "")?.[1] ?? "";
      await redis.call("CLIENT", "KILL", "ID", id);
      expect(await far.backplane.subscribe(set)).toBe("live");
      expect(near.clients.get("c1")?.version).toBe(set.ticket);
    });
  });
});
