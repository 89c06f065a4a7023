import { expect } from "vitest";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { readMetrics } from "../harness/metrics.ts";
import { takePort } from "../harness/sdk-port.ts";
import {
  freshId,
  hearsAgain,
  listener,
  type Scenario,
  type Stage,
  until,
  withClient,
  withNetwork,
} from "./sdk-stage.ts";

/** Runs a node beside the two, onto which the next streams fall. */
async function withThirdNode(
  { cluster, proxy }: Stage,
  work: (node: GatewayProcess, restoreNodes: () => void) => Promise<void>,
): Promise<void> {
  const node = await startGateway({
    PORT: String(await takePort()),
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

/** Nodes that go. */
export const faultScenarios: readonly Scenario[] = [
  {
    name: "its node is killed: the client comes back on another and hears again",
    run: (stage) =>
      withClient(stage, (client) =>
        withThirdNode(stage, async (node, restoreNodes) => {
          const [topic, later] = [freshId(), freshId()];
          const [one, two] = [listener<unknown>(), listener<unknown>()];
          await client.realtime.subscribe(topic, one.hear);
          restoreNodes();
          await stage.cluster.message({ topic, data: "before" });
          await until(() => one.heard.length === 1, "the message before the kill");
          const { clientId } = client.realtime;
          await node.kill();
          await hearsAgain(stage, topic, one.heard);
          expect(client.realtime.clientId).not.toBe(clientId);
          await client.realtime.subscribe(later, two.hear);
          await stage.cluster.message({ topic: later, data: "on the other node" });
          await until(() => two.heard.length === 1, "a topic that is new on the other node");
        }),
      ),
  },
  {
    name: "its node is stopped: clients that are connected, connecting or waiting for their answer all come back",
    run: (stage) =>
      withNetwork(stage, (network, networked) =>
        withClient(stage, (settled) =>
          withClient(networked, (waiting) =>
            withClient(stage, (connecting) =>
              withThirdNode(stage, async (node, restoreNodes) => {
                const clients = [settled, waiting, connecting].map((client) => {
                  const [topic, { heard, hear }] = [freshId(), listener<unknown>()];
                  return { client, topic, heard, subscribe: () => client.realtime.subscribe(topic, hear) };
                });
                const [first, second, third] = clients;
                await first?.subscribe();
                const letGo = network.holdPosts();
                const answered = second?.subscribe();
                await until(() => network.posts.length === 1, "a POST on its way");
                const connected = third?.subscribe();
                await until(async () => (await streamsOf(node)) === 3, "the streams to reach the node");
                restoreNodes();
                const stopped = node.stop();
                await until(() => node.output().includes("draining"), "the drain to begin");
                letGo();
                await Promise.all([answered, connected]);
                expect(await stopped).toBe(0);
                for (const { topic, heard } of clients) await hearsAgain(stage, topic, heard);
                expect(clients.map(({ client }) => client.realtime.isConnected)).toEqual([true, true, true]);
              }),
            ),
          ),
        ),
      ),
  },
];
