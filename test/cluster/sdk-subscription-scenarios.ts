import { expect } from "vitest";
import type { SdkEvent } from "../harness/sdk.ts";
import {
  entryKey,
  freshId,
  hearsAgain,
  listener,
  type Scenario,
  until,
  withClient,
  withNetwork,
} from "./sdk-stage.ts";

function created(id: string): unknown {
  return { collection: "posts", action: "create", record: { id } };
}

/** Subscribing and unsubscribing. */
export const subscriptionScenarios: readonly Scenario[] = [
  {
    name: "all records of a collection: create, update, delete, in order",
    run: (stage) =>
      withClient(stage, async (client) => {
        const { heard, hear } = listener<SdkEvent>();
        await client.collection("posts").subscribe("*", hear);
        const record = { id: freshId(), title: "Tom & Co" };
        const actions = ["create", "update", "delete"];
        for (const action of actions) await stage.cluster.log({ collection: "posts", action, record });
        await until(
          () => heard.filter((event) => event.record["id"] === record.id).length === 3,
          "three events",
        );
        const mine = heard.filter((event) => event.record["id"] === record.id);
        expect(mine.map(({ action }) => action)).toEqual(actions);
        expect(mine[0]?.record).toMatchObject({ title: "Tom & Co", collectionName: "posts" });
      }),
  },
  {
    name: "one record, through the channel",
    run: (stage) =>
      withClient(stage, async (client) => {
        const { heard, hear } = listener<SdkEvent>();
        const id = freshId();
        await client.collection("posts").subscribe(id, hear);
        await stage.cluster.channel("posts", { action: "create", record: { id: `${id}2` } });
        await stage.cluster.channel("posts", { action: "create", record: { id } });
        await until(() => heard.length > 0, "the event");
        expect(heard.map(({ record }) => record["id"])).toEqual([id]);
      }),
  },
  {
    name: "several topics in one tick",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [id, topic] = [freshId(), freshId()];
        const [one, all, custom] = [listener<SdkEvent>(), listener<SdkEvent>(), listener<unknown>()];
        await Promise.all([
          client.collection("posts").subscribe(id, one.hear),
          client.collection("posts").subscribe("*", all.hear),
          client.realtime.subscribe(topic, custom.hear),
        ]);
        await stage.cluster.log(created(id));
        await stage.cluster.message({ topic, data: { n: 1 } });
        await until(() => one.heard.length > 0 && custom.heard.length > 0, "both topics");
        await until(() => all.heard.some(({ record }) => record["id"] === id), "the collection's topic");
        expect(custom.heard).toEqual([{ n: 1 }]);
      }),
  },
  {
    name: "a second listener, one unsubscribed, then the topic, then all",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [topic, other] = [freshId(), freshId()];
        const [first, second, third] = [listener<unknown>(), listener<unknown>(), listener<unknown>()];
        const end = await client.realtime.subscribe(topic, first.hear);
        await client.realtime.subscribe(topic, second.hear);
        await client.realtime.subscribe(other, third.hear);
        await stage.cluster.message({ topic, data: 1 });
        await until(() => first.heard.length === 1 && second.heard.length === 1, "both listeners");
        await end();
        await stage.cluster.message({ topic, data: 2 });
        await until(() => second.heard.length === 2, "the listener that stayed");
        await client.realtime.unsubscribe(topic);
        await stage.cluster.message({ topic, data: 3 });
        await stage.cluster.message({ topic: other, data: 4 });
        await until(() => third.heard.length === 1, "the topic that stayed");
        expect([first.heard, second.heard, third.heard]).toEqual([[1], [1, 2], [4]]);
        const key = entryKey(stage, client.realtime.clientId);
        await client.realtime.unsubscribe();
        await until(async () => (await stage.cluster.redis.exists(key)) === 0, "the stream to be closed");
        expect(client.realtime.isConnected).toBe(false);
      }),
  },
  {
    name: "overlapping calls end in the set that was asked for last",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [a, b, c, d] = [freshId(), freshId(), freshId(), freshId()];
        const { heard, hear } = listener<unknown>();
        await client.realtime.subscribe(a, hear);
        const calls = [
          client.realtime.subscribe(b, hear),
          client.realtime.subscribe(c, hear),
          client.realtime.unsubscribe(b),
          client.realtime.subscribe(d, hear),
        ];
        await Promise.all(calls);
        for (const topic of [a, b, c, d]) await stage.cluster.message({ topic, data: topic });
        await until(() => heard.includes(d), "the last topic");
        expect(heard).toEqual([a, c, d]);
      }),
  },
  {
    name: "subscribed in parallel a, a, b, c and b left: one stream with a and c",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [a, b, c] = [freshId(), freshId(), freshId()];
        const { heard, hear } = listener<unknown>();
        const calls = [a, a, b, c].map((topic) => client.realtime.subscribe(topic, hear));
        await Promise.all([...calls, client.realtime.unsubscribe(b)]);
        const stored = (): Promise<string | null> =>
          stage.cluster.redis.hget(entryKey(stage, client.realtime.clientId), "subscriptions");
        await until(async () => (await stored()) === JSON.stringify([a, c]), "the final set");
        for (const topic of [a, b, c]) await stage.cluster.message({ topic, data: topic });
        await until(() => heard.includes(c), "the last topic");
        expect(heard).toEqual([a, a, c]);
      }),
  },
  {
    name: "subscribed and left at once: nothing is posted, no stream stays",
    run: (stage) =>
      withNetwork(stage, async (network, networked) => {
        const client = networked.sdk.create(networked.proxy.url);
        const topic = freshId();
        const subscribed = client.realtime.subscribe(topic, () => undefined);
        await client.realtime.unsubscribe(topic);
        await subscribed;
        expect(client.realtime.isConnected).toBe(false);
        expect(network.posts).toEqual([]);
      }),
  },
  {
    name: "all left and another topic subscribed while the first POST is slow: the other topic alone stays",
    run: (stage) =>
      withNetwork(stage, (network, networked) =>
        withClient(networked, async (client) => {
          const [a, b, c] = [freshId(), freshId(), freshId()];
          const { heard, hear } = listener<unknown>();
          const letGo = network.holdPosts();
          const first = client.realtime.subscribe(a, hear);
          await until(() => network.posts.length === 1, "the first POST");
          const calls = [
            first,
            client.realtime.subscribe(b, hear),
            client.realtime.unsubscribe(),
            client.realtime.subscribe(c, hear),
          ];
          letGo();
          await Promise.all(calls);
          // up to 0.26 the aborted POST resolves what was subscribed behind it too, before that is posted
          await until(() => network.posts.length === 2, "the second POST");
          expect(network.posts.map(({ subscriptions }) => subscriptions)).toEqual([[a], [c]]);
          await hearsAgain(stage, c, heard);
          for (const topic of [a, b, c]) await stage.cluster.message({ topic, data: topic });
          await until(() => heard.includes(c), "the last topic");
          expect(heard.filter((data) => data !== "again")).toEqual([c]);
        }),
      ),
  },
  {
    name: "a collection left: all its topics are, others stay",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [id, other, marker] = [freshId(), freshId(), freshId()];
        const [all, one, marked] = [listener<SdkEvent>(), listener<SdkEvent>(), listener<unknown>()];
        const posts = client.collection("posts");
        await Promise.all([
          posts.subscribe("*", all.hear),
          posts.subscribe(id, one.hear),
          client.realtime.subscribe(marker, marked.hear),
        ]);
        await posts.unsubscribe("*");
        await stage.cluster.log(created(other));
        await stage.cluster.log(created(id));
        await until(() => one.heard.length === 1, "the record's topic, which stayed");
        await posts.unsubscribe();
        await stage.cluster.log(created(id));
        await stage.cluster.log({ topic: marker, data: "marker" });
        await until(() => marked.heard.length === 1, "the marker");
        expect(one.heard).toHaveLength(1);
        // what others publish meanwhile is heard too until the topic is left
        const ids = all.heard.map(({ record }) => record["id"]);
        expect(ids.filter((heard) => heard === id || heard === other)).toEqual([]);
      }),
  },
  {
    name: "PB_CONNECT is told once, with the client id; a message for one client reaches it alone",
    run: (stage) =>
      withClient(stage, (other) =>
        withClient(stage, async (client) => {
          const [connected, mail, othersMail] = [
            listener<unknown>(),
            listener<unknown>(),
            listener<unknown>(),
          ];
          const topic = freshId();
          await other.realtime.subscribe(topic, othersMail.hear);
          await Promise.all([
            client.realtime.subscribe("PB_CONNECT", connected.hear),
            client.realtime.subscribe(topic, mail.hear),
          ]);
          const { clientId } = client.realtime;
          await stage.cluster.message({ topic, data: "for one", clientId });
          await stage.cluster.message({ topic, data: "for both" });
          await until(() => mail.heard.length === 2 && othersMail.heard.length === 1, "the mail");
          expect(othersMail.heard).toEqual(["for both"]);
          expect(connected.heard).toEqual([{ clientId, cursor: expect.any(String) }]);
        }),
      ),
  },
];
