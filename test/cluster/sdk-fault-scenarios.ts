import { expect } from "vitest";
import { type Cluster, demoCollectionsFile } from "../harness/cluster.ts";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { readMetrics } from "../harness/metrics.ts";
import { freshId, listener, type Scenario, type Stage, until, withClient } from "./sdk-stage.ts";

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

/** Nodes that go, networks that cut, requests that are refused. */
export const faultScenarios: readonly Scenario[] = [
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
