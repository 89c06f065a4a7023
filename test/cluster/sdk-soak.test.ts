import { expect, inject, onTestFinished, test } from "vitest";
import { startCluster } from "../harness/cluster.ts";
import { startRoundRobinProxy } from "../harness/round-robin-proxy.ts";
import { type Sdk, sdks } from "../harness/sdk.ts";
import { restAnswers } from "./sdk-identity-scenarios.ts";
import { scenarios } from "./sdk-scenarios.ts";
import { holdings, type Stage, until } from "./sdk-stage.ts";

const rounds = Number(process.env["SLUICE_ROUNDS"] ?? 5);

/** Runs all scenarios over and over; returns what failed, and in which round. */
async function soak(stage: Stage): Promise<readonly string[]> {
  const failures: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const { name, run } of scenarios) {
      const note = (error: unknown): void =>
        void failures.push(`round ${round}, ${stage.sdk.version}, ${name}: ${String(error)}`);
      await run(stage).catch(note);
    }
  }
  return failures;
}

// the versions run side by side, each behind a balancer of its own, on the same two nodes
test(
  `P1, P2: every scenario ${rounds} times in a row with each SDK, without one failure`,
  async () => {
    const cluster = await startCluster(inject("redisUrl"), { env: { HEARTBEAT_SECONDS: "1" } });
    onTestFinished(cluster.close);
    const urls = cluster.nodes.map(({ url }) => url);
    const soakSdk = async (sdk: Sdk): Promise<readonly string[]> => {
      const proxy = await startRoundRobinProxy(urls, restAnswers);
      const failures = await soak({ cluster, proxy, sdk });
      await proxy.close();
      return failures;
    };
    const failures = await Promise.all(sdks.map(soakSdk));
    const runs = rounds * scenarios.length * sdks.length;
    process.stdout.write(`${rounds} rounds, ${runs} scenario runs, ${failures.flat().length} failed\n`);
    expect(failures.flat()).toEqual([]);
    await until(async () => (await holdings(cluster)).streams === 0, "all streams to be gone");
    expect(await holdings(cluster)).toEqual({ streams: 0, subscriptions: 0 });
  },
  60_000 + rounds * 30_000,
);
