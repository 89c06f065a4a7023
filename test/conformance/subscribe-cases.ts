import assert from "node:assert/strict";
import { SseReader } from "../harness/sse-reader.ts";
import {
  type Answer,
  type Case,
  heardBy,
  namesOf,
  publish,
  subscribe,
  type Target,
  tokensOf,
  withStream,
} from "./target.ts";

const unknownClient = '{"data":{},"message":"Missing or invalid client id.","status":404}\n';
const otherIdentity =
  '{"data":{},"message":"The current and the previous request authorization don\'t match.","status":403}\n';
const otherAddress = '{"data":{},"message":"Invalid realtime client.","status":400}\n';

type Who = "guest" | "userA" | "userB" | "superuser";

/** Sets the subscriptions of a stream as somebody. */
function subscribeAs(target: Target, { clientId }: SseReader, who: Who): Promise<Answer> {
  const headers = who === "guest" ? {} : { Authorization: tokensOf(target)[who] };
  return subscribe(target, { clientId, subscriptions: ["posts/*"] }, headers);
}

/** Who sets the subscriptions first, who then, and the answer to the second. */
const bindings: readonly (readonly [first: Who, second: Who, status: 204 | 403, id: string])[] = [
  ["guest", "guest", 204, ""],
  ["guest", "userA", 204, " [S11]"],
  ["guest", "superuser", 204, " [S10]"],
  ["userA", "userA", 204, " [S12]"],
  ["superuser", "superuser", 204, ""],
  ["userB", "userA", 403, " [S13]"],
  ["userB", "guest", 403, " [S14]"],
  ["userA", "superuser", 403, ""],
  ["superuser", "userA", 403, ""],
];

function bindingCase([first, second, status, id]: (typeof bindings)[number]): Case {
  return {
    name: `a stream of ${first} is answered ${status} for ${second}${id}`,
    needs: ["tokens"],
    run: (target) =>
      withStream(target, async (stream) => {
        assert.equal((await subscribeAs(target, stream, first)).status, 204);
        const answer = await subscribeAs(target, stream, second);
        assert.deepEqual([answer.status, answer.text], [status, status === 204 ? "" : otherIdentity]);
        // refused or not, the stream is bound to whom it was bound first, unless that was a guest
        const bound = first === "guest" ? second : first;
        assert.equal((await subscribeAs(target, stream, bound)).status, 204);
      }),
  };
}

const badTokens: readonly (readonly [what: string, id: string, claims: Readonly<Record<string, unknown>>])[] =
  [
    ["an expired token", "a", { exp: 1_000_000_000 }],
    ["a token of another type", "a", { type: "file" }],
    ["a token without a type", "a", { type: undefined }],
    ["a token without an id", "", {}],
    ["a token of a collection that is no auth collection", "a", { collectionId: "posts" }],
  ];

function badTokenCase([what, id, claims]: (typeof badTokens)[number]): Case {
  return {
    name: `${what} is a guest's`,
    needs: ["signing"],
    run: (target) =>
      withStream(target, async (stream) => {
        const token = (await target.sign?.(id, claims)) ?? "";
        const body = { clientId: stream.clientId };
        assert.equal((await subscribe(target, body, { Authorization: token })).status, 204);
        assert.equal((await subscribeAs(target, stream, "userA")).status, 204, "the stream was bound");
        assert.equal((await subscribe(target, body, { Authorization: token })).status, 403);
      }),
  };
}

/** Setting subscriptions: clients, identities, addresses. */
export const subscribeCases: readonly Case[] = [
  {
    name: "an unknown client id is answered 404 [S1]",
    run: async (target) => {
      const { status, text } = await subscribe(target, { clientId: "nobody" });
      assert.deepEqual([status, text], [404, unknownClient]);
    },
  },
  ...bindings.map(bindingCase),
  ...badTokens.map(badTokenCase),
  ...["nonsense", "Bearer nonsense", "a.b.c", "Bearer", "Basic dXNlcjpwYXNz"].map((authorization): Case => ({
    name: `Authorization: ${authorization} is a guest's, not an error`,
    run: (target) =>
      withStream(target, async ({ clientId }) => {
        const { status } = await subscribe(target, { clientId }, { Authorization: authorization });
        assert.equal(status, 204);
      }),
  })),
  ...["Bearer ", "bearer ", "BeArEr "].map((scheme): Case => ({
    name: `a token behind "${scheme}" counts`,
    needs: ["tokens"],
    run: (target) =>
      withStream(target, async (stream) => {
        const headers = { Authorization: scheme + tokensOf(target).userA };
        assert.equal((await subscribe(target, { clientId: stream.clientId }, headers)).status, 204);
        assert.equal((await subscribeAs(target, stream, "userB")).status, 403);
        assert.equal((await subscribeAs(target, stream, "userA")).status, 204);
      }),
  })),
  {
    name: "several streams may be bound to one record",
    needs: ["tokens"],
    run: (target) =>
      withStream(target, (first) =>
        withStream(target, async (second) => {
          const answers = [first, second].map((stream) => subscribeAs(target, stream, "userA"));
          assert.deepEqual(
            (await Promise.all(answers)).map(({ status }) => status),
            [204, 204],
          );
        }),
      ),
  },
  {
    name: "a request from another address than the stream's is refused, one from the same is not [S6]",
    needs: ["addresses"],
    run: async (target) => {
      const header = target.addressHeader ?? "";
      const stream = await SseReader.open(target.streamUrl, { [header]: "127.0.0.2" });
      const from = (address: string): Promise<Answer> =>
        subscribe(target, { clientId: stream.clientId }, { [header]: address });
      const refused = await from("127.0.0.1");
      assert.deepEqual([refused.status, refused.text], [400, otherAddress]);
      assert.equal((await from("10.0.0.1, 127.0.0.2")).status, 204);
      stream.close();
    },
  },
  {
    name: "no subscriptions end all of them [S8]",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        await subscribe(target, { clientId: stream.clientId, subscriptions: ["test0"] });
        const frames = await heardBy(target, stream, { subscriptions: [], events: [{ topic: "test0" }] });
        assert.deepEqual(frames, []);
      }),
  },
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
        assert.deepEqual(
          (await Promise.all(answers)).map(({ status }) => status),
          [204, 204],
        );
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
