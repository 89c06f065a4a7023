import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, demoCollectionsFile, startCluster } from "../harness/cluster.ts";
import { type DelayingProxy, startDelayingProxy } from "../harness/delaying-proxy.ts";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { readMetrics } from "../harness/metrics.ts";
import { type RoundRobinProxy, startRoundRobinProxy } from "../harness/round-robin-proxy.ts";
import { sdks } from "../harness/sdk.ts";
import { takePort } from "../harness/sdk-port.ts";
import { freshId, hearsAgain, listener, type Stage, until, withClient, withNetwork } from "./sdk-stage.ts";

let cluster: Cluster;
let slowRedis: DelayingProxy;
let proxy: RoundRobinProxy;
let isSlow = false;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"), { nodes: 1 });
  const port = Number(new URL(cluster.redisUrl).port);
  slowRedis = await startDelayingProxy(port, { maxDelayMs: 200, random: () => Number(isSlow) });
  proxy = await startRoundRobinProxy([]);
});
afterAll(async () => {
  await proxy.close();
  slowRedis.close();
  await cluster.close();
});

/** Starts a node for which everything that it asks of Redis takes 400 ms. */
async function startSlowNode(): Promise<GatewayProcess> {
  isSlow = false;
  const node = await startGateway({
    PORT: String(await takePort()),
    REDIS_URL: `redis://127.0.0.1:${slowRedis.port}`,
    KEY_PREFIX: cluster.prefix,
    COLLECTIONS_FILE: demoCollectionsFile,
  });
  isSlow = true;
  return node;
}

/** The sockets of a node: its connections to Redis, the one that asks, and whoever else is connected. */
async function socketsOf(node: GatewayProcess): Promise<number> {
  return (await readMetrics(node.url)).get('nodejs_active_resources{type="TCPSocketWrap"}') ?? 0;
}

const quickUrl = (): string => cluster.nodes[0]?.url ?? "";

describe.each(sdks)("P2: the SDK $version and a node that is stopped", (sdk) => {
  const stage = (): Stage => ({ cluster, proxy, sdk });

  test("its stream is not open yet: it opens, and the client comes back on another node", async () => {
    const slow = await startSlowNode();
    proxy.setNodes([slow.url]);
    await withClient(stage(), async (client) => {
      const topic = freshId();
      const { heard, hear } = listener<unknown>();
      const subscribed = client.realtime.subscribe(topic, hear);
      const streams = async (): Promise<number> => (await readMetrics(slow.url)).get("sluice_streams") ?? 0;
      await until(async () => (await streams()) === 1, "the GET to reach the node");
      proxy.setNodes([quickUrl()]);
      const [exitCode] = await Promise.all([slow.stop(), subscribed]);
      expect(exitCode).toBe(0);
      await hearsAgain(stage(), topic, heard);
    });
  });

  test("its POST for a stream on another node is answered, and the stream goes on", async () => {
    const slow = await startSlowNode();
    const sockets = await socketsOf(slow);
    proxy.setNodes([quickUrl(), slow.url]);
    await withNetwork(stage(), (network, networked) =>
      withClient(networked, async (client) => {
        const topic = freshId();
        const { heard, hear } = listener<unknown>();
        const subscribed = client.realtime.subscribe(topic, hear);
        await until(() => network.posts.length === 1, "the POST to be sent");
        await until(async () => (await socketsOf(slow)) > sockets, "the POST to reach the node");
        proxy.setNodes([quickUrl()]);
        const [exitCode] = await Promise.all([slow.stop(), subscribed]);
        expect(exitCode).toBe(0);
        await cluster.message({ topic, data: 1 });
        await until(() => heard.length === 1, "the message");
        expect(network.posts).toHaveLength(1);
      }),
    );
  });
});
