import assert from "node:assert/strict";
import type { ReceivedFrame } from "../harness/sse-reader.ts";
import {
  type Case,
  heard,
  heardBy,
  namesOf,
  publish,
  subscribe,
  type Target,
  tokensOf,
  withStream,
} from "./target.ts";

const post = (id: string, action = "create"): unknown => ({
  collection: "posts",
  action,
  record: { id, title: "t" },
});

/** The id that PocketBase computes for a base collection named posts. */
const postsId = "pbc_1125843985";

const auditsId = "pbc_89547554";

function asSuperuser(target: Target): Readonly<Record<string, string>> {
  return { Authorization: tokensOf(target).superuser };
}

/** Subscriptions, the record that changes, and those of them that get a frame. */
const matching: readonly (readonly [
  name: string,
  subscriptions: readonly string[],
  heard: readonly string[],
])[] = [
  ["all records", ["posts/*"], ["posts/*"]],
  ["one record", ["posts/p1"], ["posts/p1"]],
  ["the bare collection, PocketBase's older form", ["posts"], ["posts"]],
  [
    "the collection's id",
    [`${postsId}/*`, `${postsId}/p1`, postsId],
    [`${postsId}/*`, `${postsId}/p1`, postsId],
  ],
  ["a longer record id does not match", ["posts/p12", "posts/p"], []],
  ["a topic in another case does not match", ["Posts/*", "posts/P1"], []],
  ["another collection does not match", ["audits/*", "post/*", "posts2/*"], []],
  ["a star inside an id does not match", ["posts/p*", "*", "*/*", "posts/**"], []],
  [
    "three matching subscriptions get three frames",
    ["posts/*", "posts/p1", "posts/*?options=%7B%7D"],
    ["posts/*", "posts/p1", "posts/*?options=%7B%7D"],
  ],
  [
    "the event is named as the subscription was written",
    ["posts/*?options=%7b%22query%22:{}%7D", "posts/*?x=%20+&y", "posts/*?", "posts/p1?#é"],
    ["posts/*?options=%7b%22query%22:{}%7D", "posts/*?x=%20+&y", "posts/*?", "posts/p1?#é"],
  ],
  [
    "broken options widen the subscription",
    ["posts/*?options={", "posts/*?options=%zz", "posts/*?options=[]", "posts/*?options=5"],
    ["posts/*?options={", "posts/*?options=%zz", "posts/*?options=[]", "posts/*?options=5"],
  ],
];

function matchingCase([name, subscriptions, expected]: (typeof matching)[number]): Case {
  return {
    name: `matching: ${name}`,
    needs: ["publish"],
    run: async (target) => {
      const frames = await heard(target, { subscriptions, events: [post("p1")] });
      assert.deepEqual(new Set(namesOf(frames)), new Set(expected));
      assert.equal(frames.length, expected.length);
    },
  };
}

/** What a frame says of which record, and under which subscription. */
function summary({ event, data }: ReceivedFrame): readonly unknown[] {
  const { record, action } = JSON.parse(data ?? "");
  return [event, record.id, action];
}

/** What events reach which subscriptions, and as what. */
export const topicCases: readonly Case[] = [
  ...matching.map(matchingCase),
  {
    name: "create, update and delete of a record reach its own topic and its collection's, each once, nobody else [R1]",
    needs: ["publish"],
    run: async (target) => {
      const events = [
        post("p1"),
        post("p1", "update"),
        { collection: "audits", action: "create", record: { id: "p1" } },
        post("p1", "delete"),
      ];
      for (const subscription of ["posts/p1", "posts/*"]) {
        const frames = await heard(target, { subscriptions: [subscription], events });
        assert.deepEqual(frames.map(summary), [
          [subscription, "p1", "create"],
          [subscription, "p1", "update"],
          [subscription, "p1", "delete"],
        ]);
      }
      const others = ["users/*", "posts/p2", "audits/*"];
      assert.deepEqual(await heard(target, { subscriptions: others, events }), []);
    },
  },
  {
    name: "the event of a collection reaches its topic whichever record it is of",
    needs: ["publish"],
    run: async (target) => {
      const events = [post("p1"), post("p2"), post("p1", "delete")];
      const frames = await heard(target, { subscriptions: ["posts/*", "posts/p2"], events });
      assert.deepEqual(
        new Set(frames.map((frame) => summary(frame).join(" "))),
        new Set(["posts/* p1 create", "posts/* p2 create", "posts/p2 p2 create", "posts/* p1 delete"]),
      );
      assert.equal(frames.length, 4);
    },
  },
  {
    name: "a stream that was closed does not stop the others [R1]",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (closed) => {
        await subscribe(target, { clientId: closed.clientId, subscriptions: ["posts/*"] });
        closed.close();
        const frames = await heard(target, { subscriptions: ["posts/*"], events: [post("p1")] });
        assert.deepEqual(namesOf(frames), ["posts/*"]);
      }),
  },
  {
    name: "a frame holds the record before the action, its keys in byte order, empty fields as empty values",
    needs: ["publish"],
    run: async (target) => {
      const record = { title: "<Tom & Co>\u2028", id: "p1", score: 1.5, notes: "for superusers", unknown: 1 };
      const events = [{ collection: "posts", action: "update", record }];
      const [frame] = await heard(target, { subscriptions: ["posts/*"], events });
      assert.equal(
        frame?.data,
        `{"record":{"collectionId":"${postsId}","collectionName":"posts","created":"","id":"p1","published":false,"score":1.5,"tags":[],"title":"\\u003cTom \\u0026 Co\\u003e\\u2028"},"action":"update"}`,
      );
    },
  },
  {
    // PocketBase repeats the client id in each frame
    name: "a frame is id, event and data, byte for byte, the id that of the event in the log",
    needs: ["sluice", "publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const { clientId, raw } = stream;
        await subscribe(target, { clientId, subscriptions: ["audits/a1", "test_name"] }, asSuperuser(target));
        const events = [
          { collection: "audits", action: "create", record: { id: "a1", what: "w" } },
          { topic: "test_name", data: ["test_data"] },
        ];
        const [first, second] = await publish(target, events);
        await stream.waitForCount(2);
        const record = `{"collectionId":"${auditsId}","collectionName":"audits","id":"a1","what":"w"}`;
        assert.equal(
          stream.raw.slice(raw.length),
          `id:${first}\nevent:audits/a1\ndata:{"record":${record},"action":"create"}\n\n` +
            `id:${second}\nevent:test_name\ndata:["test_data"]\n\n`,
        );
      }),
  },
  {
    name: "hidden fields are for superusers [H1]",
    needs: ["publish"],
    run: async (target) => {
      const { userA, superuser } = tokensOf(target);
      const events = [
        { collection: "posts", action: "create", record: { id: "p1", title: "t", notes: "n" } },
      ];
      const subscriptions = ["posts/*"];
      const shown = async (token: string | undefined): Promise<unknown> => {
        const as = token === undefined ? {} : { token };
        const [frame] = await heard(target, { subscriptions, events, ...as });
        const { title, notes } = JSON.parse(frame?.data ?? "").record;
        return { title, notes };
      };
      assert.deepEqual(await shown(undefined), { title: "t", notes: undefined });
      assert.deepEqual(await shown(userA), { title: "t", notes: undefined });
      assert.deepEqual(await shown(superuser), { title: "t", notes: "n" });
    },
  },
  {
    name: "a collection without rules is for superusers",
    needs: ["publish"],
    run: async (target) => {
      const { userA, superuser } = tokensOf(target);
      const events = [{ collection: "audits", action: "create", record: { id: "a1" } }];
      const subscriptions = ["audits/*", "audits/a1"];
      assert.deepEqual(await heard(target, { subscriptions, events, token: userA }), []);
      const frames = await heard(target, { subscriptions, events, token: superuser });
      assert.deepEqual(new Set(namesOf(frames)), new Set(subscriptions));
    },
  },
  {
    name: "a custom topic reaches who subscribed to exactly it, with or without options",
    needs: ["publish"],
    run: async (target) => {
      const subscriptions = ["chat:room", "chat:room?options={}", "1chat:room?a=1", "chat:room2", "chat"];
      const events = [{ topic: "chat:room", data: { any: ["JSON", null] } }, { topic: "1chat:room" }];
      const frames = await heard(target, { subscriptions, events });
      assert.deepEqual(
        new Set(namesOf(frames)),
        new Set(["chat:room", "chat:room?options={}", "1chat:room?a=1"]),
      );
      assert.equal(frames[0]?.data, '{"any":["JSON",null]}');
      assert.equal(frames.at(-1)?.data, "");
    },
  },
  {
    name: "a message to a topic with a query reaches only subscriptions with that very query",
    needs: ["publish"],
    run: async (target) => {
      const subscriptions = ["room?a=1", "room", "room?a=2", "room?a=1&b=2"];
      const frames = await heard(target, { subscriptions, events: [{ topic: "room?a=1" }] });
      assert.deepEqual(namesOf(frames), ["room?a=1"]);
    },
  },
  {
    name: "a message for one client reaches no other",
    needs: ["publish"],
    run: (target) =>
      withStream(target, (first) =>
        withStream(target, async (second) => {
          await subscribe(target, { clientId: second.clientId, subscriptions: ["mail"] });
          const events = [
            { topic: "mail", data: 1, clientId: second.clientId },
            { topic: "mail", data: 2, clientId: first.clientId },
          ];
          const frames = await heardBy(target, first, { subscriptions: ["mail"], events });
          assert.deepEqual(
            frames.map(({ data }) => data),
            ["2"],
          );
          assert.equal((await second.waitFor(({ event }) => event === "mail", "the mail")).data, "1");
        }),
      ),
  },
  {
    name: "PB_CONNECT may be subscribed to, and brings nothing",
    needs: ["publish"],
    run: async (target) => {
      const frames = await heard(target, { subscriptions: ["PB_CONNECT"], events: [post("p1")] });
      assert.deepEqual(frames, []);
    },
  },
  {
    name: "what is published right behind a 204 arrives, 100 times",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        for (let round = 0; round < 100; round++) {
          const topic = `posts/r${round}`;
          await subscribe(target, { clientId: stream.clientId, subscriptions: [topic] });
          await publish(target, [post(`r${round}`)]);
          await stream.waitFor(({ event }) => event === topic, topic);
        }
        assert.equal(stream.events().length, 100);
      }),
  },
];
