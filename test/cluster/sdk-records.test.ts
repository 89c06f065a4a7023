import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, demoCollectionsFile, startCluster } from "../harness/cluster.ts";
import { type RoundRobinProxy, startRoundRobinProxy } from "../harness/round-robin-proxy.ts";
import { sdks } from "../harness/sdk.ts";
import { optionScenarios } from "./sdk-option-scenarios.ts";
import { recordScenarios, rooms, ruleScenarios } from "./sdk-record-scenarios.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-sdk-records-"));
const file = join(folder, "collections.json");
const demo: readonly unknown[] = JSON.parse(readFileSync(demoCollectionsFile, "utf8"));
writeFileSync(file, JSON.stringify([...demo, rooms]));
afterAll(() => rmSync(folder, { recursive: true }));

const layouts = [
  { layout: "one node", nodes: 1, scenarios: [...optionScenarios, ...recordScenarios, ...ruleScenarios] },
  // the others run there beside all scenarios
  { layout: "two nodes", nodes: 2, scenarios: ruleScenarios },
];

describe.each(layouts)("P1, P2: over $layout", ({ nodes, scenarios }) => {
  let cluster: Cluster;
  let proxy: RoundRobinProxy;
  beforeAll(async () => {
    cluster = await startCluster(inject("redisUrl"), { nodes, env: { COLLECTIONS_FILE: file } });
    proxy = await startRoundRobinProxy(cluster.nodes.map(({ url }) => url));
  });
  afterAll(async () => {
    await proxy.close();
    await cluster.close();
  });

  describe.each(sdks)("the SDK $version", (sdk) => {
    test.each(scenarios)("$name", async ({ run }) => {
      await expect(run({ cluster, proxy, sdk })).resolves.toBeUndefined();
    });
  });
});
