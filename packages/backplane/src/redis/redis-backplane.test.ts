import { guest } from "@sluice/protocol";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { uniqueKeyPrefix } from "../../../../test/harness/key-prefix.ts";
import { openRecordingNode, type RecordingNode } from "../../../../test/harness/recording-node.ts";
import { waitUntil } from "../../../../test/harness/wait-until.ts";

let redis: Redis;
let keyPrefix: string;
let nodes: readonly RecordingNode[];
beforeAll(() => {
  redis = new Redis(inject("redisUrl"));
});
beforeEach(async () => {
  keyPrefix = uniqueKeyPrefix();
  const options = { redisUrl: inject("redisUrl"), keyPrefix };
  nodes = [await openRecordingNode(options), await openRecordingNode(options)];
});
afterEach(() => Promise.all(nodes.map(({ backplane }) => backplane.close())));
afterAll(() => redis.disconnect());

const [first, second] = [(): RecordingNode => nodeAt(0), (): RecordingNode => nodeAt(1)];

function nodeAt(index: number): RecordingNode {
  const node = nodes[index];
  if (node === undefined) throw new RangeError(`expected a node ${index}`);
  return node;
}

describe("writers of any language", () => {
  test("reach every node by XADD, in order", async () => {
    const cursors = [];
    for (const text of ["one", "two"]) cursors.push(await redis.xadd(`${keyPrefix}log`, "*", "event", text));
    for (const { events } of nodes) {
      await waitUntil(() => events.length === 2, "two events");
      expect(events).toEqual([
        { text: "one", source: { door: "log", cursor: cursors[0] } },
        { text: "two", source: { door: "log", cursor: cursors[1] } },
      ]);
    }
  });

  test("reach every node by PUBLISH on the channel of a collection", async () => {
    expect(await redis.publish(`${keyPrefix}record:posts`, "text")).toBe(2);
    for (const { events } of nodes) {
      await waitUntil(() => events.length === 1, "the event");
      expect(events).toEqual([{ text: "text", source: { door: "record", collection: "posts" } }]);
    }
  });

  test("reach every node by PUBLISH on the message channel", async () => {
    expect(await redis.publish(`${keyPrefix}message`, "text")).toBe(2);
    for (const { events } of nodes) {
      await waitUntil(() => events.length === 1, "the message");
      expect(events).toEqual([{ text: "text", source: { door: "message" } }]);
    }
  });

  test("find the event field wherever it stands; an entry without one counts as an empty event", async () => {
    await redis.xadd(`${keyPrefix}log`, "*", "more", "event", "event", "text");
    await redis.xadd(`${keyPrefix}log`, "*", "evnt", "text");
    await waitUntil(() => first().events.length === 2, "two entries");
    expect(first().events.map(({ text }) => text)).toEqual(["text", ""]);
  });

  test("announce collections with HSET and PUBLISH", async () => {
    await redis.hset(`${keyPrefix}collections`, "posts", "{}");
    await redis.publish(`${keyPrefix}collections`, "posts");
    await waitUntil(() => second().counts.collectionChanges === 1, "the announcement");
    expect(await second().backplane.readCollections()).toEqual(new Map([["posts", "{}"]]));
  });
});

test("a collection that Redis does not take is refused", async () => {
  await redis.set(`${keyPrefix}collections`, "no hash");
  const put = first().backplane.putCollection("posts", "{}");
  await expect(put).rejects.toMatchObject({ code: "unavailable" });
});

describe("keys", () => {
  test("the first node writes one entry into an empty log, the second finds it", async () => {
    const entries = await redis.xrange(`${keyPrefix}log`, "-", "+");
    expect(entries.map(([, fields]) => fields)).toEqual([["anchor", ""]]);
    // one that another node writes is no event
    await redis.xadd(`${keyPrefix}log`, "*", "anchor", "");
    await redis.xadd(`${keyPrefix}log`, "*", "event", "text");
    await waitUntil(() => first().events.length > 0, "the event");
    expect(first().events.map(({ text }) => text)).toEqual(["text"]);
  });

  test("a node and its clients have entries that expire", async () => {
    await first().hold("c1", "10.0.0.1");
    const nodeLife = await redis.pttl(`${keyPrefix}node:${first().backplane.nodeId}`);
    const clientLife = await redis.pttl(`${keyPrefix}client:c1`);
    expect(nodeLife).toBeGreaterThan(3_000);
    expect(nodeLife).toBeLessThanOrEqual(6_000);
    expect(clientLife).toBeGreaterThan(15_000);
    expect(clientLife).toBeLessThanOrEqual(30_000);
    expect(await redis.hgetall(`${keyPrefix}client:c1`)).toEqual({
      node: first().backplane.nodeId,
      address: "10.0.0.1",
      keeps: "0",
      identity: "",
      subscriptions: "[]",
      version: "0",
    });
  });

  test("a client without subscriptions has an empty array of them, also behind a last frame", async () => {
    await first().hold("c1");
    const ticket = await second().backplane.takeTicket();
    const set = { clientId: "c1", ticket, address: "", identity: guest, subscriptions: ["@oauth2"] };
    await second().backplane.subscribe(set);
    const key = `${keyPrefix}client:c1`;
    expect(await redis.hget(key, "subscriptions")).toBe('["@oauth2"]');
    await second().backplane.sendLast({ clientId: "c1", address: "", subscription: "@oauth2", data: "{}" });
    expect(await redis.hget(key, "subscriptions")).toBe("[]");
  });

  test("are gone with the client and with the node", async () => {
    await first().hold("c1");
    await first().backplane.unregister("c1", { wasSubscribed: true });
    await first().backplane.close();
    const keys = await redis.keys(`${keyPrefix}*`);
    expect(keys.toSorted()).toEqual([`${keyPrefix}log`, `${keyPrefix}node:${second().backplane.nodeId}`]);
  });
});

/** Asks the second node for a client of the first. */
async function ask(): Promise<string> {
  const { backplane } = second();
  const ticket = await backplane.takeTicket();
  return backplane.subscribe({ clientId: "c1", ticket, address: "", identity: guest, subscriptions: [] });
}

describe("an owner", () => {
  test("without its key is dead: its clients are unknown at once", async () => {
    await first().hold("c1");
    await redis.del(`${keyPrefix}node:${first().backplane.nodeId}`);
    const startMs = performance.now();
    expect(await ask()).toBe("unknown-client");
    expect(performance.now() - startMs).toBeLessThan(500);
    expect(first().applied).toEqual([]);
  });

  test("without its key has it again with the next client that it takes in", async () => {
    await redis.del(`${keyPrefix}node:${first().backplane.nodeId}`);
    await first().hold("c1");
    expect(await ask()).toBe("live");
    expect(await redis.pttl(`${keyPrefix}node:${first().backplane.nodeId}`)).toBeGreaterThan(3_000);
  });

  test("that has its key but does not listen is given up within two seconds", async () => {
    await first().hold("c1");
    await first().backplane.close();
    // as it is left by a process that was killed
    await redis.set(`${keyPrefix}node:${first().backplane.nodeId}`, "1", "PX", 6_000);
    const startMs = performance.now();
    expect(await ask()).toBe("no-answer");
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  test("that comes back meanwhile applies what it is sent again", async () => {
    await first().hold("c1");
    const control = `${keyPrefix}node:${first().backplane.nodeId}`;
    const channels = String(await redis.call("CLIENT", "LIST")).split("\n");
    const name = `name=sluice-${first().backplane.nodeId}-channels`;
    const id = /id=(\d+)/.exec(channels.find((line) => line.includes(name)) ?? "")?.[1] ?? "";
    await redis.call("CLIENT", "KILL", "ID", id);
    expect(await redis.pubsub("NUMSUB", control)).toEqual([control, 0]);
    expect(await ask()).toBe("live");
    expect(first().applied).toHaveLength(1);
  });
});

test.each([
  "nonsense",
  "{}",
  "[]",
  '{"type":"apply"}',
  '{"type":"apply","reply":{"node":"n","request":1}}',
  '{"type":"answer","request":"1"}',
  '{"type":"later","reply":{"node":"n","request":1}}',
  '{"type":"apply","reply":{"node":"n","request":1},"change":{"clientId":"c1","version":1,"subscriptions":[5]}}',
  '{"type":"send-last","reply":{"node":"n","request":1},"frame":{"clientId":"c1"}}',
])("%j on a node's control channel is a fault and does no harm", async (text) => {
  await first().hold("c1");
  await redis.publish(`${keyPrefix}node:${first().backplane.nodeId}`, text);
  await waitUntil(() => first().faults.length === 1, "the fault");
  expect(first().faults[0]).toContain("reading a message from another node");
  expect(first().applied).toEqual([]);
});
