import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { readMetrics } from "../harness/metrics.ts";
import { type BalancerName, realBalancers, startRealBalancer } from "../harness/real-balancer.ts";
import { sdks } from "../harness/sdk.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";

// The balancers as docs/balancers has them; what their restarts under load do is in rolling-restart.test.ts.

const silenceSeconds = 3;
const limitMs = 20_000;

let cluster: Cluster;
let mute: Cluster;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"), { nodes: 3, env: { HEARTBEAT_SECONDS: "1" } });
  mute = await startCluster(inject("redisUrl"), { nodes: 1, env: { HEARTBEAT_SECONDS: "0" } });
});
afterAll(async () => {
  await cluster.close();
  await mute.close();
});

/** How many streams each node has. */
function streams(): Promise<readonly (number | undefined)[]> {
  return Promise.all(cluster.nodes.map(async ({ url }) => (await readMetrics(url)).get("sluice_streams")));
}

/** Works behind a balancer that ends a stream which is silent for 3 s. */
async function behind(
  name: BalancerName,
  { nodes }: Cluster,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const urls = nodes.map(({ url }) => url);
  const balancer = await startRealBalancer(name, urls, { silenceSeconds });
  try {
    await work(balancer.url);
  } finally {
    await balancer.close();
  }
}

describe.each(realBalancers)("P2: behind %s", (name) => {
  test.each(sdks)(
    "the SDK $version hears events, with its stream and its POST on different nodes",
    async (sdk) => {
      await behind(name, cluster, async (url) => {
        const client = sdk.create(url);
        const heard: unknown[] = [];
        await client.collection("posts").subscribe("*", ({ record }) => heard.push(record["id"]));
        const ids = ["one", "two", "three"];
        for (const id of ids) {
          await cluster.log({ collection: "posts", action: "create", record: { id } });
          // a balancer that collects what it passes on would keep it until there is more
          await waitUntil(() => heard.includes(id), `the event ${id}`);
        }
        expect(heard).toEqual(ids);
        await client.realtime.unsubscribe();
      });
    },
  );

  test("metrics are not for outside", async () => {
    await behind(name, cluster, async (url) => {
      expect((await fetch(`${url}/metrics`)).status).toBe(404);
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    });
  });

  test("each stream goes to the next node", async () => {
    await behind(name, cluster, async (url) => {
      const readers = await Promise.all(Array.from({ length: 6 }, () => SseReader.open(url)));
      expect(await streams()).toEqual([2, 2, 2]);
      for (const reader of readers) reader.close();
      await waitUntil(async () => (await streams()).every((count) => count === 0), "the streams to be gone");
    });
  });

  test("a quiet stream outlives the balancer's patience, by its heartbeats alone", async () => {
    const lives = behind(name, cluster, async (url) => {
      const stream = await SseReader.open(url);
      await waitUntil(() => stream.ended || stream.heartbeats > 2 * silenceSeconds, "heartbeats", limitMs);
      expect(stream.ended).toBe(false);
      stream.close();
    });
    const dies = behind(name, mute, async (url) => {
      const stream = await SseReader.open(url);
      await stream.waitForEnd(limitMs);
      expect(stream.heartbeats).toBe(0);
    });
    await Promise.all([lives, dies]);
  });
});
