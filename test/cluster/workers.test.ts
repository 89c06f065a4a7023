import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { readMetrics } from "../harness/metrics.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { sdks } from "../harness/sdk.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { signToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

/** One gateway of two workers, and a writer beside it. */
let cluster: Cluster;
let streamsAtStart: readonly (number | undefined)[];
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"), { nodes: 1, env: { WORKERS: "2" } });
  streamsAtStart = await streamsOf(cluster);
});
afterAll(() => cluster.close());

const urlOf = (of: Cluster): string => of.nodes[0]?.url ?? "";

/** The processes that a gateway has started. */
function workersOf(of: Cluster): readonly number[] {
  const { pid } = of.nodes[0]?.process ?? {};
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

/** How many streams each worker says that it has. */
async function streamsOf(of: Cluster): Promise<readonly (number | undefined)[]> {
  const metrics = await readMetrics(urlOf(of));
  return [1, 2].map((worker) => metrics.get(`sluice_streams{worker="${worker}"}`));
}

test("workers share new streams evenly, and the metrics of any say so of all", async () => {
  // a worker that is busy for a moment on a busy machine is passed over
  const streams: SseReader[] = [];
  while (streams.length < 200) streams.push(await SseReader.open(urlOf(cluster)));
  const counts = await streamsOf(cluster);
  expect(counts.reduce((sum: number, count) => sum + (count ?? 0), 0)).toBe(200);
  // within 20 %
  for (const count of counts) expect(Math.abs((count ?? 0) - 100)).toBeLessThanOrEqual(10);
  for (const stream of streams) stream.close();
  await expect.poll(() => streamsOf(cluster)).toEqual([0, 0]);
});

test("a gateway is ready when all its workers are", () => {
  expect(streamsAtStart).toEqual([0, 0]);
});

test("what concerns all workers is said once", () => {
  const lines = (cluster.nodes[0]?.output() ?? "").trim().split("\n");
  const messages = lines.map((line) => JSON.parse(line).msg);
  expect(messages).toEqual(["collections loaded", "gateway started"]);
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
    workers: 2,
    port: Number(new URL(urlOf(cluster)).port),
  });
});

test("P5: a worker that is killed is started again, and SDKs as they are miss nothing", async () => {
  const clients = sdks.flatMap((sdk) => Array.from({ length: 4 }, () => sdk.create(urlOf(cluster))));
  const heard = clients.map(() => new Set<string>());
  for (const [index, client] of clients.entries()) {
    client.authStore.save(await signToken(`user${index}`));
    await client.collection("posts").subscribe("*", ({ record }) => heard[index]?.add(String(record["id"])));
  }
  const [killed = 0] = workersOf(cluster);
  let written = 0;
  const writeTo = async (count: number): Promise<void> => {
    for (; written < count; written++) {
      await cluster.log({ collection: "posts", action: "create", record: { id: `p${written}` } });
      await delay(2);
    }
  };
  await writeTo(50);
  process.kill(killed, "SIGKILL");
  await writeTo(500);
  await waitUntil(
    () => heard.every((ids) => ids.size === written),
    "every SDK to have heard every event",
    20_000,
  );
  await waitUntil(() => workersOf(cluster).length === 2, "another worker");
  expect(workersOf(cluster)).not.toContain(killed);
  await expect
    .poll(() => streamsOf(cluster).catch(() => []), { timeout: 10_000 })
    .toEqual([expect.any(Number), expect.any(Number)]);
  await Promise.all(clients.map((client) => client.realtime.unsubscribe()));
});

async function startSubscribed(drainSeconds: number): Promise<[Cluster, readonly SseReader[]]> {
  const env = { WORKERS: "2", DRAIN_SECONDS: String(drainSeconds) };
  const own = await startCluster(inject("redisUrl"), { nodes: 1, env });
  const streams = await Promise.all(Array.from({ length: 4 }, () => SseReader.open(urlOf(own))));
  for (const { clientId } of streams) await postSubscriptions(urlOf(own), clientId, ["posts/*"]);
  return [own, streams];
}

describe("a signal", () => {
  test("has every worker drain, also where it is sent to the whole group", async () => {
    const [own, streams] = await startSubscribed(1);
    const fresh = await Promise.all([0, 1].map(() => SseReader.open(urlOf(own))));
    const workers = workersOf(own);
    const exit = own.nodes[0]?.stop();
    await Promise.all(streams.map((stream) => stream.waitForEnd()));
    // who drains takes no second one for an order to leave at once
    for (const pid of workers) process.kill(pid, "SIGTERM");
    for (const { clientId } of fresh) {
      expect(await postSubscriptions(urlOf(own), clientId, ["posts/*"])).toMatchObject({ status: 204 });
    }
    await Promise.all(fresh.map((stream) => stream.waitForEnd()));
    expect(await exit).toBe(0);
    await own.close();
  });

  test("a second time ends all at once", async () => {
    const [own, streams] = await startSubscribed(60);
    const exit = own.nodes[0]?.stop();
    await waitUntil(() => own.nodes[0]?.output().includes("SIGTERM: draining") ?? false, "the drain");
    own.nodes[0]?.process.kill("SIGTERM");
    expect(await exit).toBe(1);
    for (const stream of streams) await stream.waitForEnd();
    await own.close();
  });

  test("that kills the process which started them ends the workers too", async () => {
    const [own, streams] = await startSubscribed(60);
    await own.nodes[0]?.kill();
    await expect.poll(() => streams.every(({ ended }) => ended), { timeout: 5_000 }).toBe(true);
    await own.close();
  });
});
