import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { type RoundRobinProxy, startRoundRobinProxy } from "../harness/round-robin-proxy.ts";
import { sdks } from "../harness/sdk.ts";
import { restAnswers } from "./sdk-identity-scenarios.ts";
import { scenarios } from "./sdk-scenarios.ts";
import { entryKey, freshId, holdings, listener, until } from "./sdk-stage.ts";

let cluster: Cluster;
let proxy: RoundRobinProxy;
beforeAll(async () => {
  // heartbeats fall into every scenario
  cluster = await startCluster(inject("redisUrl"), { env: { HEARTBEAT_SECONDS: "1" } });
  proxy = await startRoundRobinProxy(
    cluster.nodes.map(({ url }) => url),
    restAnswers,
  );
});
afterAll(async () => {
  await proxy.close();
  await cluster.close();
});

describe.each(sdks)("P1, P2: the SDK $version over two nodes", (sdk) => {
  test.each(scenarios)("$name", async ({ run }) => {
    await expect(run({ cluster, proxy, sdk })).resolves.toBeUndefined();
  });

  test("what is left is gone from the hubs and from the directory", async () => {
    await until(
      async () => (await holdings(cluster)).streams === 0,
      "the streams of the scenarios to be gone",
    );
    const client = sdk.create(proxy.url);
    const { hear } = listener<unknown>();
    const leave = await client.realtime.subscribe(freshId(), hear);
    await client.collection("posts").subscribe("*", hear);
    const entry = entryKey({ cluster, proxy, sdk }, client.realtime.clientId);
    expect(await holdings(cluster)).toEqual({ streams: 1, subscriptions: 2 });
    expect(await cluster.redis.exists(entry)).toBe(1);
    await leave();
    expect(await holdings(cluster)).toEqual({ streams: 1, subscriptions: 1 });
    await client.collection("posts").unsubscribe("*");
    await until(async () => (await holdings(cluster)).streams === 0, "the stream to be gone");
    expect(await holdings(cluster)).toEqual({ streams: 0, subscriptions: 0 });
    await until(async () => (await cluster.redis.exists(entry)) === 0, "the client to be gone");
  });
});
