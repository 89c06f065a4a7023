import type { AuthRecord, Identity } from "@sluice/protocol";
import { guest, identityKey } from "@sluice/protocol";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import type { RecordingNode } from "../../../test/harness/recording-node.ts";
import { implementations } from "../../../test/harness/recording-nodes.ts";
import { waitUntil } from "../../../test/harness/wait-until.ts";
import type { SubscriptionChange } from "./backplane.ts";

function record(id: string): AuthRecord {
  return { kind: "record", id, collectionId: "users_id", collectionName: "users", claims: { id, role: "a" } };
}

async function add(
  { backplane }: RecordingNode,
  period: string,
  counts: Readonly<Record<string, number>>,
): Promise<unknown> {
  return Object.fromEntries(await backplane.addCounts(period, new Map(Object.entries(counts))));
}

describe.each(implementations)("%s", (_name, open) => {
  let owner: RecordingNode;
  let asked: RecordingNode;
  beforeEach(async () => {
    ({ owner, asked } = await open(inject("redisUrl")));
  });
  afterEach(async () => {
    await owner.backplane.close();
    if (asked !== owner) await asked.backplane.close();
  });

  async function change(more: Partial<SubscriptionChange> = {}): Promise<SubscriptionChange> {
    const ticket = await asked.backplane.takeTicket();
    return { clientId: "c1", ticket, address: "", identity: guest, subscriptions: ["a"], ...more };
  }

  const subscribeAs = async (identity: Identity): Promise<string> =>
    asked.backplane.subscribe(await change({ identity }));

  describe("the log", () => {
    test("every node gets what is appended, in order, each entry under the cursor that append returned", async () => {
      const first = await asked.backplane.append([{ text: "one" }]);
      const rest = await owner.backplane.append([{ text: "two" }, { text: "three" }]);
      const cursors = [...first, ...rest];
      for (const { events } of [owner, asked]) {
        await waitUntil(() => events.length === 3, "three events");
        expect(events.map(({ text }) => text)).toEqual(["one", "two", "three"]);
        expect(events.map(({ source }) => source)).toEqual(
          cursors.map((cursor) => ({ door: "log", cursor })),
        );
      }
    });

    test("cursors grow as Redis's ids do", async () => {
      const cursors = [];
      for (let round = 0; round < 50; round++)
        cursors.push(...(await asked.backplane.append([{ text: "a" }, { text: "b" }])));
      const numbers = cursors.map((cursor) => cursor.split("-").map(Number));
      for (const [index, [ms = 0, sequence = 0]] of numbers.entries()) {
        const [lastMs = 0, lastSequence = -1] = numbers[index - 1] ?? [];
        expect(ms > lastMs || (ms === lastMs && sequence > lastSequence)).toBe(true);
      }
    });

    test("thousands at once come in order, each once", async () => {
      const texts = Array.from({ length: 3_000 }, (_, index) => `e${index}`);
      const cursors = await asked.backplane.append(texts.map((text) => ({ text })));
      expect(new Set(cursors).size).toBe(3_000);
      await waitUntil(() => owner.events.length >= 3_000, "all events");
      expect(owner.events.map(({ text }) => text)).toEqual(texts);
    });

    test.each([
      ["empty", ""],
      ["JSON", '{"a":[1]}'],
      ["of lines", "a\r\nb\n"],
      ["with NUL", "a\u0000b"],
      ["beyond ASCII", "é\u2028😀"],
      ["of a megabyte", "x".repeat(1_048_576)],
    ])("a text that is %s is handed on as it was written", async (_kind, text) => {
      await asked.backplane.append([{ text }]);
      await waitUntil(() => owner.events.length === 1, "the event");
      // compared here, since a report of a megabyte helps nobody
      expect(owner.events[0]?.text === text).toBe(true);
    });

    test("no events are no entries", async () => {
      expect(await asked.backplane.append([])).toEqual([]);
      await asked.backplane.append([{ text: "only" }]);
      await waitUntil(() => owner.events.length > 0, "the event");
      expect(owner.events.map(({ text }) => text)).toEqual(["only"]);
    });
  });

  describe("subscribe", () => {
    test("is answered when the owner has applied it", async () => {
      await owner.hold("c1");
      const set = await change({ identity: record("u1"), subscriptions: ["a", "b?options={}", "é\u2028"] });
      expect(await asked.backplane.subscribe(set)).toBe("live");
      const { clientId, ticket: version, identity, subscriptions } = set;
      expect(owner.applied).toEqual([{ clientId, version, identity, subscriptions }]);
    });

    test("does not find a client that nobody holds, or no longer", async () => {
      expect(await asked.backplane.subscribe(await change())).toBe("unknown-client");
      await owner.hold("c1");
      await owner.backplane.unregister("c1", { wasSubscribed: true });
      expect(await asked.backplane.subscribe(await change())).toBe("unknown-client");
      expect(owner.applied).toEqual([]);
    });

    test("does not find a client that its owner has lost", async () => {
      await owner.hold("c1");
      owner.clients.delete("c1");
      expect(await asked.backplane.subscribe(await change())).toBe("unknown-client");
    });

    test.each([
      ["10.0.0.1", "10.0.0.1", "live"],
      ["10.0.0.1", "10.0.0.2", "wrong-address"],
      ["10.0.0.1", "", "live"],
      ["", "10.0.0.2", "live"],
    ])("of a stream from %j for a request from %j is %s", async (from, address, outcome) => {
      await owner.hold("c1", from);
      expect(await asked.backplane.subscribe(await change({ address }))).toBe(outcome);
      expect(owner.applied).toHaveLength(outcome === "live" ? 1 : 0);
    });

    test("binds a guest's stream once, and nobody else's after", async () => {
      await owner.hold("c1");
      expect(await subscribeAs(guest)).toBe("live");
      expect(await subscribeAs(record("u1"))).toBe("live");
      expect(await subscribeAs(record("u1"))).toBe("live");
      expect(await subscribeAs(record("u2"))).toBe("wrong-identity");
      expect(await subscribeAs({ ...record("u1"), collectionId: "others_id" })).toBe("wrong-identity");
      expect(await subscribeAs(guest)).toBe("wrong-identity");
      expect(owner.applied.map(({ identity }) => identityKey(identity))).toEqual([
        "",
        "users_id/u1",
        "users_id/u1",
      ]);
    });

    test("counts in the order of tickets: a late older one is answered and changes nothing", async () => {
      await owner.hold("c1");
      const older = await change({ subscriptions: ["older"] });
      const newer = await change({ subscriptions: ["newer"] });
      expect(newer.ticket).toBeGreaterThan(older.ticket);
      expect(await asked.backplane.subscribe(newer)).toBe("live");
      expect(await asked.backplane.subscribe(older)).toBe("live");
      expect(owner.applied.map(({ subscriptions }) => subscriptions)).toEqual([["newer"]]);
    });

    test("can be sent again with the same ticket", async () => {
      await owner.hold("c1");
      const set = await change();
      expect(await asked.backplane.subscribe(set)).toBe("live");
      expect(await asked.backplane.subscribe(set)).toBe("live");
      expect(owner.clients.get("c1")).toMatchObject({ version: set.ticket, subscriptions: ["a"] });
    });

    test("many at once each find their own client", async () => {
      const ids = Array.from({ length: 100 }, (_, index) => `c${index}`);
      await Promise.all(ids.map((id) => owner.hold(id)));
      const sets = await Promise.all(ids.map((clientId) => change({ clientId, subscriptions: [clientId] })));
      const outcomes = await Promise.all(sets.map((set) => asked.backplane.subscribe(set)));
      expect(new Set(outcomes)).toEqual(new Set(["live"]));
      expect(ids.map((id) => owner.clients.get(id)?.subscriptions)).toEqual(ids.map((id) => [id]));
    });
  });

  test("tickets grow over all nodes", async () => {
    const tickets = [];
    for (const node of [owner, asked, owner, asked]) tickets.push(await node.backplane.takeTicket());
    expect(tickets).toEqual(tickets.toSorted((left, right) => left - right));
    expect(new Set(tickets).size).toBe(4);
  });

  test("loads are exchanged with the other nodes, until one takes no more", async () => {
    const others = asked === owner ? [] : [3];
    expect(await owner.backplane.exchangeLoads(3)).toEqual([]);
    expect(await asked.backplane.exchangeLoads(5)).toEqual(others);
    await owner.backplane.exchangeLoads(undefined);
    expect(await asked.backplane.exchangeLoads(5)).toEqual([]);
  });

  describe("a last frame", () => {
    const frame = { clientId: "c1", address: "", subscription: "@oauth2", data: '{"code":"é"}' };

    test("is sent once, and its subscription is gone", async () => {
      await owner.hold("c1");
      await asked.backplane.subscribe(await change({ subscriptions: ["a", "@oauth2", "b"] }));
      expect(await asked.backplane.sendLast(frame)).toBe("sent");
      expect(await asked.backplane.sendLast(frame)).toBe("not-subscribed");
      expect(owner.lastFrames).toEqual([frame]);
      expect(await asked.backplane.sendLast({ ...frame, subscription: "b" })).toBe("sent");
    });

    test("leaves the other subscriptions as they were", async () => {
      await owner.hold("c1");
      const odd = ['a?options={"query":{"a":"\\\\/"}}', "é\u2028😀", "\u0001", "__proto__"];
      await asked.backplane.subscribe(await change({ subscriptions: ["@oauth2", ...odd] }));
      expect(await asked.backplane.sendLast(frame)).toBe("sent");
      for (const subscription of odd) {
        expect(await asked.backplane.sendLast({ ...frame, subscription })).toBe("sent");
        expect(await asked.backplane.sendLast({ ...frame, subscription })).toBe("not-subscribed");
      }
    });

    test("needs exactly its subscription, its client and its address", async () => {
      await owner.hold("c1", "10.0.0.1");
      await asked.backplane.subscribe(await change({ subscriptions: ["@oauth2?a"] }));
      expect(await asked.backplane.sendLast(frame)).toBe("not-subscribed");
      expect(await asked.backplane.sendLast({ ...frame, clientId: "nobody" })).toBe("unknown-client");
      await asked.backplane.subscribe(await change({ subscriptions: ["@oauth2"] }));
      expect(await asked.backplane.sendLast({ ...frame, address: "10.0.0.2" })).toBe("wrong-address");
      expect(await asked.backplane.sendLast({ ...frame, address: "10.0.0.1" })).toBe("sent");
    });

    test("of many at once exactly one is sent", async () => {
      await owner.hold("c1");
      await asked.backplane.subscribe(await change({ subscriptions: ["@oauth2"] }));
      const nodes = [owner, asked, owner, asked, owner, asked];
      const outcomes = await Promise.all(nodes.map(({ backplane }) => backplane.sendLast(frame)));
      expect(outcomes.toSorted()).toEqual([...Array.from({ length: 5 }, () => "not-subscribed"), "sent"]);
      expect(owner.lastFrames).toHaveLength(1);
    });
  });

  test("what was read of a client is not kept when it goes: the same id may come again", async () => {
    await owner.hold("c1", "10.0.0.1");
    await subscribeAs(record("u1"));
    await owner.backplane.unregister("c1", { wasSubscribed: true });
    await owner.hold("c1", "10.0.0.2");
    const set = await change({ identity: record("u2"), address: "10.0.0.2" });
    expect(await asked.backplane.subscribe(set)).toBe("live");
  });

  test("a released client can be bound to anybody, one that is bound to another stays", async () => {
    await owner.hold("c1");
    await owner.hold("c2");
    await subscribeAs(record("u1"));
    await asked.backplane.subscribe(await change({ clientId: "c2", identity: record("u2") }));
    await owner.backplane.release(["c1", "c2", "nobody"], identityKey(record("u1")));
    expect(await subscribeAs(record("u3"))).toBe("live");
    const other = await change({ clientId: "c2", identity: record("u3") });
    expect(await asked.backplane.subscribe(other)).toBe("wrong-identity");
  });

  describe("counts", () => {
    test("are summed over all nodes, and told for the names that were added to", async () => {
      expect(await add(owner, "1", { a: 2, b: 1 })).toEqual({ a: 2, b: 1 });
      expect(await add(asked, "1", { a: 3 })).toEqual({ a: 5 });
      expect(await add(owner, "1", { b: 1, a: 1 })).toEqual({ b: 2, a: 6 });
    });

    test("of another period begin anew", async () => {
      await add(owner, "1", { a: 2 });
      expect(await add(asked, "2", { a: 1 })).toEqual({ a: 1 });
    });
  });

  describe("statistics", () => {
    test("are told whom listens, as they were written, for as long as it does", async () => {
      expect(await asked.backplane.publishStats("unheard")).toBe(0);
      await owner.backplane.listenToStats(true);
      expect(await asked.backplane.publishStats('{"é":1}')).toBe(1);
      await waitUntil(() => owner.stats.length === 1, "the statistics");
      await owner.backplane.listenToStats(false);
      expect(await asked.backplane.publishStats("unheard")).toBe(0);
      await owner.backplane.listenToStats(true);
      expect(await asked.backplane.publishStats("last")).toBe(1);
      await waitUntil(() => owner.stats.length === 2, "the last statistics");
      expect(owner.stats).toEqual(['{"é":1}', "last"]);
      expect(owner.events).toEqual([]);
      expect(asked.stats).toEqual(asked === owner ? owner.stats : []);
    });

    test("that are empty only count who listens", async () => {
      await owner.backplane.listenToStats(true);
      expect(await asked.backplane.publishStats("")).toBe(1);
      await asked.backplane.publishStats("told");
      await waitUntil(() => owner.stats.length > 0, "the statistics");
      expect(owner.stats).toEqual(["told"]);
    });
  });

  describe("a question", () => {
    test("is answered by every node", async () => {
      await owner.hold("c1");
      const own = asked === owner ? [] : ["how é of 0"];
      const { nodes, answers } = await asked.backplane.ask("how é");
      expect(answers.toSorted()).toEqual([...own, "how é of 1"]);
      expect(nodes).toBe(answers.length);
    });

    test("of many at once each gets its own answers", async () => {
      const questions = Array.from({ length: 50 }, (_, index) => `q${index}`);
      const told = await Promise.all(questions.map((question) => asked.backplane.ask(question)));
      for (const [index, { nodes, answers }] of told.entries()) {
        expect(answers).toEqual(Array<string>(nodes).fill(`q${index} of 0`));
      }
    });

    test("is over when all have answered, long before its time is", async () => {
      // ten of them would take twice as long as a test may
      for (let round = 0; round < 10; round++) await asked.backplane.ask("how");
      expect((await asked.backplane.ask("how")).answers).not.toEqual([]);
    });

    test("is over with an answer that is enough", async () => {
      const { answers } = await asked.backplane.ask("one", () => true);
      expect(answers.length).toBeGreaterThanOrEqual(1);
    });
  });

  test("collections are stored by name and removed, and every node is told", async () => {
    expect(await owner.backplane.readCollections()).toEqual(new Map());
    await asked.backplane.putCollection("posts", '{"name":"posts"}');
    await asked.backplane.putCollection("users", '{"name":"users"}');
    await waitUntil(() => owner.counts.collectionChanges === 2, "two announcements");
    await asked.backplane.putCollection("posts", '{"name":"posts","listRule":""}');
    expect(await owner.backplane.readCollections()).toEqual(
      new Map([
        ["posts", '{"name":"posts","listRule":""}'],
        ["users", '{"name":"users"}'],
      ]),
    );
    await asked.backplane.removeCollection("posts");
    await waitUntil(() => owner.counts.collectionChanges === 4, "the announcements of both changes");
    expect([...(await owner.backplane.readCollections()).keys()]).toEqual(["users"]);
  });

  test("the log's end is its newest entry", async () => {
    const [, last] = await asked.backplane.append([{ text: "one" }, { text: "two" }]);
    expect(await owner.backplane.logEnd()).toBe(last);
  });
});
