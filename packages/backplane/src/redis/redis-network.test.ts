import { guest } from "@sluice/protocol";
import { Redis } from "ioredis";
import { describe, expect, inject, test } from "vitest";
import { type BreakableProxy, startBreakableProxy } from "../../../../test/harness/breakable-proxy.ts";
import { uniqueKeyPrefix } from "../../../../test/harness/key-prefix.ts";
import { openRecordingNode, type RecordingNode } from "../../../../test/harness/recording-node.ts";
import { waitUntil } from "../../../../test/harness/wait-until.ts";
import type { SubscribeOutcome, SubscriptionChange } from "../backplane.ts";

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
      for (const text of ["on its way", "unread", "last"]) await near.backplane.append([text]);
      await redis.xtrim(`${keyPrefix}log`, "MAXLEN", 1);
      network.heal();
      await waitUntil(() => far.counts.gaps === 1, "the gap");
      await near.backplane.append(["after"]);
      await waitUntil(() => textsOf(far).includes("after"), "an event behind the gap");
      expect(textsOf(far)).toEqual(["on its way", "after"]);
      expect([far.counts.gaps, far.connections, far.faults]).toEqual([1, [], []]);
      expect([textsOf(near), near.counts.gaps]).toEqual([["on its way", "unread", "last", "after"], 0]);
    });
  });
});
