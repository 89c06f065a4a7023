import assert from "node:assert/strict";
import { SseReader } from "../harness/sse-reader.ts";
import { assertApplied, assertError } from "./error-answer.ts";
import { type Answer, type Case, heardBy, namesOf, publish, subscribe, withStream } from "./target.ts";

const otherAddress = { status: 400, message: "Invalid realtime client." };

const emptySets: readonly (readonly [what: string, set: object])[] = [
  ["an empty list [S8]", { subscriptions: [] }],
  ["null", { subscriptions: null }],
  ["no list at all", {}],
];

/** Setting subscriptions: of which client, from which address, and what a set does to the one before. */
export const subscribeCases: readonly Case[] = [
  {
    name: "an unknown client id is answered 404 [S1]",
    run: async (target) => {
      const unknownClient = { status: 404, message: "Missing or invalid client id." };
      assertError(target, await subscribe(target, { clientId: "nobody" }), unknownClient);
    },
  },
  {
    name: "a request from another address than the stream's is refused, one from the same is not [S6]",
    needs: ["addresses"],
    run: async (target) => {
      const header = target.addressHeader ?? "";
      const stream = await SseReader.open(target.streamUrl, { [header]: "127.0.0.2" });
      const from = (address: string): Promise<Answer> =>
        subscribe(target, { clientId: stream.clientId }, { [header]: address });
      assertError(target, await from("127.0.0.1"), otherAddress);
      assertError(target, await from("127.0.0.2, 127.0.0.1"), otherAddress);
      assertApplied(await from("127.0.0.2"));
      assertApplied(await from("10.0.0.1, 127.0.0.2"));
      stream.close();
    },
  },
  {
    name: "one address has many spellings",
    needs: ["addresses"],
    run: async (target) => {
      const header = target.addressHeader ?? "";
      const stream = await SseReader.open(target.streamUrl, { [header]: "2001:db8::1" });
      const set = { clientId: stream.clientId };
      assertApplied(await subscribe(target, set, { [header]: "2001:0DB8:0:0:0:0:0:1" }));
      assertError(target, await subscribe(target, set, { [header]: "2001:db8::2" }), otherAddress);
      stream.close();
    },
  },
  ...emptySets.map(([what, set]): Case => ({
    name: `${what} ends all subscriptions`,
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const { clientId } = stream;
        await subscribe(target, { clientId, subscriptions: ["test0"] });
        assertApplied(await subscribe(target, { clientId, ...set }));
        await publish(target, [{ topic: "test0" }]);
        assert.deepEqual(await heardBy(target, stream, { subscriptions: [], events: [] }), []);
        assert.deepEqual(stream.events("test0"), []);
      }),
  })),
  {
    name: "a set replaces the one before [S9]",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        await subscribe(target, { clientId: stream.clientId, subscriptions: ["test0", "test1"] });
        const events = ["test0", "test1", "test2"].map((topic) => ({ topic }));
        const frames = await heardBy(target, stream, { subscriptions: ["test1", "test2"], events });
        assert.deepEqual(namesOf(frames), ["test1", "test2"]);
      }),
  },
  {
    name: "repetitions and empty strings count for nothing",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const subscriptions = ["", "test1", "test1", ""];
        const frames = await heardBy(target, stream, { subscriptions, events: [{ topic: "test1" }] });
        assert.deepEqual(namesOf(frames), ["test1"]);
      }),
  },
  {
    name: "a guest may subscribe to anything, and hears nothing of what is not for guests",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const events = [{ collection: "audits", action: "create", record: { id: "a1" } }];
        const subscriptions = ["audits/*", "nowhere/*", "_superusers/*"];
        assert.deepEqual(await heardBy(target, stream, { subscriptions, events }), []);
      }),
  },
  {
    name: "of two racing requests one wins whole",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const { clientId } = stream;
        const sets = [
          ["a1", "a2"],
          ["b1", "b2"],
        ];
        const answers = sets.map((subscriptions) => subscribe(target, { clientId, subscriptions }));
        for (const answer of await Promise.all(answers)) assertApplied(answer);
        await publish(
          target,
          [...sets.flat(), ...sets.flat()].map((topic) => ({ topic })),
        );
        await stream.waitForCount(4);
        const names = new Set(namesOf(stream.events()));
        assert.ok(sets.some((set) => set.length === names.size && set.every((topic) => names.has(topic))));
      }),
  },
];
