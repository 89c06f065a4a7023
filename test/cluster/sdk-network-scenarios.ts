import { expect } from "vitest";
import { SseReader } from "../harness/sse-reader.ts";
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

/** Networks that cut streams and keep requests waiting, and requests that are refused. */
export const networkScenarios: readonly Scenario[] = [
  {
    name: "its stream ends right behind the 204: it comes back under a new id with the same topics",
    run: (stage) =>
      withNetwork(stage, (network, networked) =>
        withClient(networked, async (client) => {
          const topic = freshId();
          const [connected, { heard, hear }] = [listener<unknown>(), listener<unknown>()];
          const disconnects: (readonly string[])[] = [];
          client.realtime.onDisconnect = (topics) => disconnects.push(topics);
          await Promise.all([
            client.realtime.subscribe("PB_CONNECT", connected.hear),
            client.realtime.subscribe(topic, hear),
          ]);
          network.endStreams();
          await hearsAgain(stage, topic, heard);
          await until(() => connected.heard.length === 2, "PB_CONNECT to be told again");
          const ids = network.posts.map(({ clientId }) => clientId);
          expect(connected.heard).toMatchObject(ids.map((clientId) => ({ clientId })));
          expect(ids[1]).not.toBe(ids[0]);
          expect(network.posts[1]?.subscriptions).toEqual(["PB_CONNECT", topic]);
          expect(disconnects).toEqual(stage.sdk.tellsDisconnects ? [["PB_CONNECT", topic]] : []);
        }),
      ),
  },
  {
    name: "its stream is reset: it comes back with all topics",
    run: (stage) =>
      withNetwork(stage, (network, networked) =>
        withClient(networked, async (client) => {
          const [first, second] = [freshId(), freshId()];
          const [one, two] = [listener<unknown>(), listener<unknown>()];
          await client.realtime.subscribe(first, one.hear);
          await client.realtime.subscribe(second, two.hear);
          network.resetStreams();
          await hearsAgain(stage, first, one.heard);
          await hearsAgain(stage, second, two.heard);
          expect(network.posts.at(-1)?.subscriptions).toEqual([first, second]);
        }),
      ),
  },
  {
    name: "its stream ends while a later POST is on its way: it comes back with that topic too",
    run: (stage) =>
      withNetwork(stage, (network, networked) =>
        withClient(networked, async (client) => {
          const [first, second] = [freshId(), freshId()];
          const [one, two] = [listener<unknown>(), listener<unknown>()];
          await client.realtime.subscribe(first, one.hear);
          const letGo = network.holdPosts();
          const later = client.realtime.subscribe(second, two.hear);
          await until(() => network.posts.length === 2, "the later POST");
          network.endStreams();
          await later;
          letGo();
          await hearsAgain(stage, first, one.heard);
          await hearsAgain(stage, second, two.heard);
        }),
      ),
  },
  {
    name: "its first POST is refused: that call fails, and the next one connects again",
    run: (stage) =>
      withNetwork(stage, (network, networked) =>
        withClient(networked, async (client) => {
          const topic = freshId();
          const { heard, hear } = listener<unknown>();
          const letGo = network.holdPosts();
          const refused = client.realtime.subscribe(topic, hear).catch((error: unknown) => error);
          await until(() => network.posts.length === 1, "the first POST");
          await stage.cluster.redis.del(entryKey(stage, network.posts[0]?.clientId ?? ""));
          letGo();
          expect(await refused).toMatchObject({ status: 404 });
          expect(client.realtime.isConnected).toBe(false);
          await client.realtime.subscribe(topic, hear);
          await hearsAgain(stage, topic, heard);
        }),
      ),
  },
  {
    name: "the POST of a reconnect is refused: it tries again until it is taken",
    run: (stage) =>
      withNetwork(stage, (network, networked) =>
        withClient(networked, async (client) => {
          const topic = freshId();
          const { heard, hear } = listener<unknown>();
          await client.realtime.subscribe(topic, hear);
          const letGo = network.holdPosts();
          network.endStreams();
          await until(() => network.posts.length === 2, "the POST of the reconnect");
          await stage.cluster.redis.del(entryKey(stage, network.posts[1]?.clientId ?? ""));
          letGo();
          await hearsAgain(stage, topic, heard);
          expect(network.posts).toHaveLength(3);
        }),
      ),
  },
  {
    name: "a later POST is refused: only that call fails, the stream goes on",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [topic, refused] = [freshId(), freshId()];
        const { heard, hear } = listener<unknown>();
        await client.realtime.subscribe(topic, hear);
        await stage.cluster.redis.del(entryKey(stage, client.realtime.clientId));
        await expect(client.realtime.subscribe(refused, hear)).rejects.toMatchObject({ status: 404 });
        await stage.cluster.message({ topic, data: 1 });
        await until(() => heard.length === 1, "the message");
      }),
  },
  {
    name: "heartbeats are not seen",
    run: (stage) =>
      withNetwork(stage, (network, networked) =>
        withClient(networked, async (client) => {
          const topic = freshId();
          const { heard, hear } = listener<unknown>();
          await client.realtime.subscribe(topic, hear);
          // a node sends its heartbeats to all streams at once
          const witnesses = await Promise.all(stage.cluster.nodes.map(({ url }) => SseReader.open(url)));
          await until(() => witnesses.every(({ heartbeats }) => heartbeats > 0), "heartbeats of both nodes");
          for (const witness of witnesses) witness.close();
          await stage.cluster.message({ topic, data: 1 });
          await until(() => heard.length > 0, "the message");
          expect(heard).toEqual([1]);
          expect(network.posts).toHaveLength(1);
        }),
      ),
  },
];
