import { guest } from "@sluice/protocol";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import {
  openRecordingNode,
  type RecordingNode,
  type RecordingNodeOptions,
} from "../../../../test/harness/recording-node.ts";
import { startRedisServer } from "../../../../test/harness/test-redis.ts";
import { waitUntil } from "../../../../test/harness/wait-until.ts";
import type { BackplaneError } from "../backplane-error.ts";

/** A Redis of its own, a writer and a node, for faults that would hurt others. */
interface Scene {
  readonly server: Awaited<ReturnType<typeof startRedisServer>>;
  readonly writer: Redis;
  readonly node: RecordingNode;
}

async function withScene(
  work: (scene: Scene) => Promise<void>,
  options: Partial<RecordingNodeOptions> = {},
): Promise<void> {
  const server = await startRedisServer();
  const writer = new Redis(server.url);
  writer.on("error", () => undefined);
  const node = await openRecordingNode({ redisUrl: server.url, keyPrefix: "rt:", ...options });
  try {
    await work({ server, writer, node });
  } finally {
    await node.backplane.close();
    writer.disconnect();
    await server.close();
  }
}

const write = async (writer: Redis, ...texts: string[]): Promise<void> => {
  for (const text of texts) await writer.xadd("rt:log", "*", "event", text);
};

const textsOf = ({ events }: RecordingNode): readonly string[] => events.map(({ text }) => text);

async function subscribeOf({ backplane }: RecordingNode): Promise<string> {
  const ticket = await backplane.takeTicket();
  return backplane.subscribe({ clientId: "c1", ticket, address: "", identity: guest, subscriptions: ["a"] });
}

// each takes seconds of waiting and no work: side by side
describe.concurrent("faults of Redis", { timeout: 60_000 }, () => {
  test("all connections are killed: nothing of the log is lost, the cut is told", async () => {
    await withScene(async ({ writer, node }) => {
      await write(writer, "before");
      await waitUntil(() => node.events.length === 1, "the event before the cut");
      for (const type of ["normal", "pubsub"]) await writer.call("CLIENT", "KILL", "TYPE", type);
      await write(writer, "one", "two");
      await waitUntil(() => node.events.length === 3, "the events behind the cut");
      expect(textsOf(node)).toEqual(["before", "one", "two"]);
      await waitUntil(() => node.backplane.connected, "the connections to be back");
      expect([node.connections, node.counts.gaps]).toEqual([[false, true], 0]);
      // what was announced meanwhile may have been missed
      await waitUntil(() => node.counts.collectionChanges === 1, "the collections to be looked up again");
    });
  });

  test("Redis freezes: commands fail in bounded time, and the log goes on where it was left", async () => {
    await withScene(async ({ server, writer, node }) => {
      await node.hold("c1");
      server.process.kill("SIGSTOP");
      const written = write(writer, "one", "two");
      const startMs = performance.now();
      await expect(node.backplane.append([{ text: "lost" }])).rejects.toMatchObject({
        name: "BackplaneError",
        code: "unavailable" satisfies BackplaneError["code"],
      });
      expect(performance.now() - startMs).toBeLessThan(8_000);
      await waitUntil(() => !node.backplane.connected, "the freeze to be noticed", 8_000);
      server.process.kill("SIGCONT");
      await written;
      await waitUntil(() => textsOf(node).includes("two"), "the events of the freeze", 10_000);
      // Redis had taken the append before it was given up: whether it is done is not known to who asked
      expect(textsOf(node).filter((text) => text !== "lost")).toEqual(["one", "two"]);
      await waitUntil(() => node.backplane.connected, "the node to be back", 10_000);
      expect([node.connections, node.counts.gaps]).toEqual([[false, true], 0]);
      expect(await subscribeOf(node)).toBe("live");
    });
  });

  test("Redis freezes: a node closes all the same", async () => {
    await withScene(async ({ server, node }) => {
      server.process.kill("SIGSTOP");
      const startMs = performance.now();
      await node.backplane.close();
      expect(performance.now() - startMs).toBeLessThan(8_000);
      expect(node.connections).toEqual([]);
    });
  });

  test("Redis is full: a batch is refused as a whole, and taken once there is room", async () => {
    await withScene(async ({ writer, node }) => {
      await writer.config("SET", "maxmemory", 1);
      await expect(node.backplane.append([{ text: "one" }, { text: "two" }])).rejects.toMatchObject({
        code: "unavailable",
      });
      expect(await writer.xlen("rt:log")).toBe(1);
      await writer.config("SET", "maxmemory", 0);
      await node.backplane.append([{ text: "one" }, { text: "two" }]);
      await waitUntil(() => node.events.length === 2, "the events");
      expect([textsOf(node), node.connections, node.counts.gaps]).toEqual([["one", "two"], [], 0]);
    });
  });

  test("something else stands where the log was: a fault, and a gap once it is away", async () => {
    await withScene(async ({ writer, node }) => {
      await writer.set("rt:log", "no stream");
      await waitUntil(() => node.faults.length > 0, "the fault");
      expect(node.faults[0]).toContain("reading the log: ReplyError: WRONGTYPE");
      await writer.del("rt:log");
      await waitUntil(() => node.counts.gaps === 1, "the gap");
      await write(writer, "after");
      await waitUntil(() => textsOf(node).includes("after"), "an event behind the gap");
    });
  });

  test("Redis takes no channels from the node for a while: a fault, and it listens again", async () => {
    await withScene(async ({ writer, node }) => {
      await writer.call("ACL", "SETUSER", "default", "resetchannels");
      await waitUntil(() => node.faults.length > 0, "the fault", 8_000);
      expect(node.faults[0]).toContain("listening to the channels: ReplyError: NOPERM");
      await writer.call("ACL", "SETUSER", "default", "allchannels");
      const hears = async (): Promise<boolean> => (await writer.publish("rt:message", "text")) === 1;
      await waitUntil(hears, "the node to listen again");
      // what was announced meanwhile was missed
      await waitUntil(() => node.counts.collectionChanges > 0, "the collections to be looked up again");
      await waitUntil(() => node.seedings.includes("*"), "the kept rows to be doubted");
    });
  });

  test("Redis loses everything: the gap is told, clients are findable again, tickets do not go back", async () => {
    await withScene(async ({ writer, node }) => {
      await node.hold("c1");
      for (let round = 0; round < 5; round++) expect(await subscribeOf(node)).toBe("live");
      await writer.flushall();
      await waitUntil(() => node.counts.gaps === 1, "the gap");
      await waitUntil(async () => (await writer.exists("rt:client:c1")) === 1, "the client's entry", 12_000);
      expect(Number(await writer.get("rt:ticket"))).toBeGreaterThanOrEqual(5);
      await waitUntil(
        async () => (await writer.exists(`rt:node:${node.backplane.nodeId}`)) === 1,
        "the node's key",
      );
      expect(await subscribeOf(node)).toBe("live");
      await write(writer, "after");
      await waitUntil(() => textsOf(node).includes("after"), "an event behind the gap");
      expect(await writer.xlen("rt:log")).toBe(2);
    });
  });

  test("Redis is killed and comes back empty: as if it had lost everything", async () => {
    await withScene(async ({ server, writer, node }) => {
      await node.hold("c1");
      await write(writer, "before");
      await waitUntil(() => node.events.length === 1, "the event before");
      await server.close();
      await waitUntil(() => !node.backplane.connected, "the loss to be noticed");
      await expect(node.backplane.takeTicket()).rejects.toMatchObject({ code: "unavailable" });
      const next = await startRedisServer(Number(new URL(server.url).port));
      try {
        await waitUntil(() => node.counts.gaps === 1, "the gap", 10_000);
        // at once, not at the next renewal
        await waitUntil(async () => (await writer.exists("rt:client:c1")) === 1, "the client's entry", 3_000);
        expect(await subscribeOf(node)).toBe("live");
        await write(writer, "after");
        await waitUntil(() => textsOf(node).includes("after"), "an event behind the gap");
      } finally {
        await next.close();
      }
    });
  });

  test("entries that were lost with the tail are a gap, even where newer ones stand", async () => {
    await withScene(async ({ writer, node }) => {
      await write(writer, "kept", "lost");
      await waitUntil(() => node.events.length === 2, "both events");
      // a replica that was promoted without the last entry, to which a writer has written since
      const [last] = await writer.xrevrange("rt:log", "+", "-", "COUNT", 1);
      await writer
        .pipeline()
        .call("CLIENT", "KILL", "TYPE", "normal")
        .xdel("rt:log", last?.[0] ?? "")
        .xadd("rt:log", "*", "event", "unseen")
        .exec();
      await waitUntil(() => node.counts.gaps === 1, "the gap");
      await write(writer, "after");
      await waitUntil(() => textsOf(node).includes("after"), "an event behind the gap");
      expect(textsOf(node)).toEqual(["kept", "lost", "after"]);
    });
  });

  test("a ticket is newer than all before it, also when Redis has lost everything", async () => {
    await withScene(async ({ writer, node }) => {
      const before = [await node.backplane.takeTicket(), await node.backplane.takeTicket()];
      await writer.flushall();
      const after = await node.backplane.takeTicket();
      expect(after).toBeGreaterThan(Math.max(...before));
      expect(await node.backplane.takeTicket()).toBeGreaterThan(after);
      // as on a Redis whose clock is behind that of the one before
      await writer.set("rt:ticket", "9000000000000000");
      expect(await node.backplane.takeTicket()).toBe(9_000_000_000_000_001);
      expect(await node.backplane.takeTicket()).toBe(9_000_000_000_000_002);
    });
  });

  test("the log is trimmed by length, the newest stay", async () => {
    await withScene(
      async ({ writer, node }) => {
        await write(writer, ...Array.from({ length: 50 }, (_, index) => `e${index}`));
        await waitUntil(async () => (await writer.xlen("rt:log")) === 10, "the log to be trimmed", 8_000);
        const [oldest] = await writer.xrange("rt:log", "-", "+");
        expect(oldest?.[1]).toEqual(["event", "e40"]);
        await waitUntil(() => node.events.length === 50, "all events");
        expect(node.counts.gaps).toBe(0);
      },
      { logEntries: 10 },
    );
  });

  test("the log is trimmed by age, but never its last entry", async () => {
    await withScene(
      async ({ writer, node }) => {
        await write(writer, "one", "two", "last");
        await waitUntil(async () => (await writer.xlen("rt:log")) === 1, "the log to be trimmed", 15_000);
        const entries = await writer.xrange("rt:log", "-", "+");
        expect(entries.map(([, fields]) => fields)).toEqual([["event", "last"]]);
        await waitUntil(() => node.events.length === 3, "all events");
        expect([node.counts.gaps, node.faults]).toEqual([0, []]);
      },
      { logSeconds: 1 },
    );
  });
});
