import { expect } from "vitest";
import type { Cluster } from "../harness/cluster.ts";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { readMetrics } from "../harness/metrics.ts";
import type { RoundRobinProxy } from "../harness/round-robin-proxy.ts";
import type { Sdk, SdkClient, SdkEvent } from "../harness/sdk.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

/** What a scenario runs on: two nodes behind a balancer without stickiness. */
export interface Stage {
  readonly cluster: Cluster;
  readonly proxy: RoundRobinProxy;
  readonly sdk: Sdk;
}

/** Something that applications do with the SDK. */
export interface Scenario {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<void>;
}

/** What the balancer answers in place of PocketBase's REST API, for both forms in which the SDKs ask. */
export const restAnswers: Readonly<Record<string, unknown>> = {
  "/api/collections/users/auth-methods": {
    oauth2: { providers: [provider()] },
    authProviders: [provider()],
  },
  "/api/collections/users/auth-with-oauth2": { token: "signed-in", record: { id: "u1" } },
};

function provider(): unknown {
  const address = "http://provider.example/authorize?state=made-up&redirect_uri=";
  return { name: "fake", codeVerifier: "v", codeChallenge: "c", authURL: address, authUrl: address };
}

let lastId = 0;

/** An id that no other scenario uses. */
function freshId(): string {
  lastId += 1;
  return `s${process.pid}x${lastId}`;
}

function created(id: string): unknown {
  return { collection: "posts", action: "create", record: { id } };
}

/** Works with a client of the SDK; behind it, its stream is gone from the directory. */
async function withClient(
  { cluster, proxy, sdk }: Stage,
  work: (client: SdkClient) => Promise<void>,
): Promise<void> {
  const client = sdk.create(proxy.url);
  const ids: string[] = [];
  try {
    await work(client);
    ids.push(client.realtime.clientId);
  } finally {
    await client.realtime.unsubscribe();
  }
  const keys = ids.filter((id) => id !== "").map((id) => `${cluster.prefix}client:${id}`);
  if (keys.length === 0) return;
  await waitUntil(
    async () => (await cluster.redis.exists(...keys)) === 0,
    "the closed stream to be forgotten",
  );
}

/** A listener that remembers what it heard. */
function listener<T>(): { readonly heard: T[]; readonly hear: (event: T) => void } {
  const heard: T[] = [];
  return { heard, hear: (event) => void heard.push(event) };
}

const until = (holds: () => boolean | Promise<boolean>, what: string): Promise<void> =>
  waitUntil(holds, what, 10_000);

/** Publishes messages until one is heard: a client that reconnects hears what comes once it is back. */
async function hearsAgain(cluster: Cluster, topic: string, heard: readonly unknown[]): Promise<void> {
  const known = heard.length;
  const isHeard = async (): Promise<boolean> => {
    await cluster.message({ topic, data: "again" });
    return heard.length > known;
  };
  await until(isHeard, `${topic} to be heard again`);
}

/** Runs a node beside the two, onto which the next streams fall. */
async function withThirdNode(
  { cluster, proxy }: Stage,
  work: (node: GatewayProcess, restoreNodes: () => void) => Promise<void>,
): Promise<void> {
  const node = await startGateway({
    REDIS_URL: cluster.redisUrl,
    KEY_PREFIX: cluster.prefix,
    COLLECTIONS_FILE: demoCollectionsFile,
  });
  proxy.setNodes([node.url]);
  const restore = (): void => proxy.setNodes(cluster.nodes.map(({ url }) => url));
  try {
    await work(node, restore);
  } finally {
    restore();
    await node.kill();
  }
}

async function streamsOf(node: GatewayProcess): Promise<number> {
  return (await readMetrics(node.url)).get("sluice_streams") ?? 0;
}

const subscribing: readonly Scenario[] = [
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
    name: "options: the event comes under the very key that the SDK made",
    run: (stage) =>
      withClient(stage, async (client) => {
        const id = freshId();
        const { heard, hear } = listener<SdkEvent>();
        await client.collection("posts").subscribe(id, hear, {
          query: { custom: [1, "é '&?#+%"], expand: "author", nothing: null },
          headers: { "X-Token": "abc", xApiKey: "1" },
        });
        await stage.cluster.log(created(id));
        await until(() => heard.length > 0, "the event");
        expect(heard[0]?.record["id"]).toBe(id);
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
        const key = `${stage.cluster.prefix}client:${client.realtime.clientId}`;
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
          stage.cluster.redis.hget(
            `${stage.cluster.prefix}client:${client.realtime.clientId}`,
            "subscriptions",
          );
        await until(async () => (await stored()) === JSON.stringify([a, c]), "the final set");
        for (const topic of [a, b, c]) await stage.cluster.message({ topic, data: topic });
        await until(() => heard.includes(c), "the last topic");
        expect(heard).toEqual([a, a, c]);
      }),
  },
  {
    name: "subscribed and left at once: no stream stays",
    run: async (stage) => {
      const client = stage.sdk.create(stage.proxy.url);
      const topic = freshId();
      const subscribed = client.realtime.subscribe(topic, () => undefined);
      await client.realtime.unsubscribe(topic);
      await subscribed;
      expect(client.realtime.isConnected).toBe(false);
    },
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
          expect(connected.heard).toEqual([{ clientId }]);
        }),
      ),
  },
];

const identities: readonly Scenario[] = [
  {
    name: "a superuser hears what a guest does not",
    run: (stage) =>
      withClient(stage, (guest) =>
        withClient(stage, async (client) => {
          client.authStore.save(await signSuperuserToken());
          const [id, marker] = [freshId(), freshId()];
          const [heard, guests] = [listener<SdkEvent>(), listener<unknown>()];
          await client.collection("audits").subscribe(id, heard.hear);
          await guest.collection("audits").subscribe(id, guests.hear);
          await guest.realtime.subscribe(marker, guests.hear);
          await stage.cluster.log({ collection: "audits", action: "create", record: { id } });
          await stage.cluster.log({ topic: marker, data: "marker" });
          await until(() => heard.heard.length === 1 && guests.heard.length > 0, "the superuser's event");
          expect(guests.heard).toEqual(["marker"]);
        }),
      ),
  },
  {
    name: "login keeps the stream, another login or a logout is refused until the stream is new",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [userA, userB] = [await signToken(freshId()), await signToken(freshId())];
        const { heard, hear } = listener<unknown>();
        const topics = [freshId(), freshId(), freshId(), freshId()] as const;
        await client.realtime.subscribe(topics[0], hear);
        const { clientId } = client.realtime;
        client.authStore.save(userA);
        await client.realtime.subscribe(topics[1], hear);
        expect(client.realtime.clientId).toBe(clientId);
        client.authStore.save(userB);
        await expect(client.realtime.subscribe(topics[2], hear)).rejects.toMatchObject({ status: 403 });
        client.authStore.clear();
        await expect(client.realtime.subscribe(topics[3], hear)).rejects.toMatchObject({ status: 403 });
        await stage.cluster.message({ topic: topics[1], data: "still here" });
        await until(() => heard.length === 1, "the topic of the first login");
        await client.realtime.unsubscribe();
        client.authStore.save(userB);
        await client.realtime.subscribe(topics[2], hear);
        expect(client.realtime.clientId).not.toBe(clientId);
        await stage.cluster.message({ topic: topics[2], data: "new stream" });
        await until(() => heard.length === 2, "the topic of the second login");
      }),
  },
  {
    name: "an expired token is a guest's",
    run: (stage) =>
      withClient(stage, async (client) => {
        client.authStore.save(await signToken(freshId(), { exp: 1_000_000_000 }));
        const { heard, hear } = listener<unknown>();
        const topic = freshId();
        await client.realtime.subscribe(topic, hear);
        await stage.cluster.message({ topic, data: 1 });
        await until(() => heard.length === 1, "the message");
      }),
  },
  {
    name: "OAuth2: the redirect reaches the stream from whatever node, and signs in",
    run: async (stage) => {
      const client = stage.sdk.create(stage.proxy.url);
      const signedIn = await client.collection("users").authWithOAuth2({
        provider: "fake",
        urlCallback: async (url) => {
          const state = new URL(url).searchParams.get("state") ?? "";
          const redirect = `${stage.proxy.url}/api/oauth2-redirect?state=${state}&code=c1`;
          const { status, headers } = await fetch(redirect, { redirect: "manual" });
          expect([status, headers.get("location")]).toEqual([307, "../_/#/auth/oauth2-redirect-success"]);
        },
      });
      expect(signedIn.token).toBe("signed-in");
    },
  },
];

const faults: readonly Scenario[] = [
  {
    name: "its node is killed: the client comes back on another and hears again",
    run: (stage) =>
      withClient(stage, (client) =>
        withThirdNode(stage, async (node, restoreNodes) => {
          const topic = freshId();
          const { heard, hear } = listener<unknown>();
          await client.realtime.subscribe(topic, hear);
          restoreNodes();
          await stage.cluster.message({ topic, data: "before" });
          await until(() => heard.length === 1, "the message before the kill");
          await node.kill();
          await hearsAgain(stage.cluster, topic, heard);
          expect(
            await stage.cluster.redis.hget(
              `${stage.cluster.prefix}client:${client.realtime.clientId}`,
              "node",
            ),
          ).not.toBeNull();
        }),
      ),
  },
  {
    name: "its node is stopped while it connects: it is never left disconnected",
    run: (stage) =>
      withClient(stage, (client) =>
        withThirdNode(stage, async (node, restoreNodes) => {
          const topic = freshId();
          const { heard, hear } = listener<unknown>();
          const subscribed = client.realtime.subscribe(topic, hear);
          await until(async () => (await streamsOf(node)) > 0, "the stream to reach the node");
          restoreNodes();
          expect(await node.stop()).toBe(0);
          await subscribed;
          await hearsAgain(stage.cluster, topic, heard);
          expect(client.realtime.isConnected).toBe(true);
        }),
      ),
  },
  {
    name: "the network cuts its stream: it comes back with all topics",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [first, second] = [freshId(), freshId()];
        const [one, two] = [listener<unknown>(), listener<unknown>()];
        await client.realtime.subscribe(first, one.hear);
        await client.realtime.subscribe(second, two.hear);
        stage.proxy.cut();
        await hearsAgain(stage.cluster, first, one.heard);
        await hearsAgain(stage.cluster, second, two.heard);
      }),
  },
  {
    name: "a later POST is refused: only that call fails, the stream goes on",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [topic, refused] = [freshId(), freshId()];
        const { heard, hear } = listener<unknown>();
        await client.realtime.subscribe(topic, hear);
        await stage.cluster.redis.del(`${stage.cluster.prefix}client:${client.realtime.clientId}`);
        await expect(client.realtime.subscribe(refused, hear)).rejects.toMatchObject({ status: 404 });
        await stage.cluster.message({ topic, data: 1 });
        await until(() => heard.length === 1, "the message");
      }),
  },
];

export const scenarios: readonly Scenario[] = [...subscribing, ...identities, ...faults];
