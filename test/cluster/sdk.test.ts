import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { type RoundRobinProxy, startRoundRobinProxy } from "../harness/round-robin-proxy.ts";
import { sdks } from "../harness/sdk.ts";
import { restAnswers } from "./sdk-identity-scenarios.ts";
import { scenarios } from "./sdk-scenarios.ts";

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
});
