import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { startDelayingProxy } from "../harness/delaying-proxy.ts";
import { startGateway } from "../harness/gateway-process.ts";
import { readMetrics } from "../harness/metrics.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { seededRandom } from "../harness/seeded-random.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";

const perDoor = 5_000;
const maxEventBytes = 2_048;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"), {
    nodes: 1,
    env: { MAX_EVENT_BYTES: String(maxEventBytes) },
  });
});
afterAll(() => cluster.close());

const good = (id: string): string =>
  JSON.stringify({ collection: "posts", action: "create", record: { id } });

/** Values that are no events, each a way in which a writer can be wrong. */
const kinds: readonly ((random: () => number) => string)[] = [
  () => "",
  () => "null",
  () => "[]",
  () => '"text"',
  () => "{",
  () => '{"action":"create","record":{"id":"x"}',
  (random) => good("x").slice(0, Math.floor(random() * (good("x").length - 1))),
  () => JSON.stringify({ action: "upsert", collection: "posts", record: { id: "x" } }),
  () => JSON.stringify({ action: "create", collection: "posts" }),
  () => JSON.stringify({ action: "create", collection: "posts", record: {} }),
  () => JSON.stringify({ action: "create", collection: "posts", record: { id: 7 } }),
  () => JSON.stringify({ action: "create", collection: "posts", record: { id: "*" } }),
  () => JSON.stringify({ action: "create", collection: "posts", record: [1] }),
  () => JSON.stringify({ action: "update", collection: "posts", record: { id: "x" }, before: "old" }),
  () => JSON.stringify({ action: "create", collection: 5, record: { id: "x" } }),
  () => JSON.stringify({ topic: "", data: 1 }),
  () => JSON.stringify({ topic: 1, data: 1 }),
  () => JSON.stringify({ topic: "@oauth2", data: 1 }),
  () => JSON.stringify({ topic: "PB_CONNECT", data: 1 }),
  () => JSON.stringify({ topic: "news", data: 1, rule: 5 }),
  () => JSON.stringify({ topic: "news", data: 1, clientId: 5 }),
  () =>
    JSON.stringify({
      action: "create",
      collection: "posts",
      record: { id: "x", title: "é".repeat(maxEventBytes) },
    }),
  () => `{"a":${"[".repeat(1_000)}`,
  (random) => String.fromCharCode(...Array.from({ length: 50 }, () => Math.floor(random() * 0xffff))),
];

test(`${perDoor * 2} bad values through both doors are counted, and good events among them arrive in order`, async () => {
  const startMs = performance.now();
  const [node] = cluster.nodes;
  const base = node?.url ?? "";
  const stream = await SseReader.open(base);
  await postSubscriptions(base, stream.clientId, ["posts/*"]);
  const random = seededRandom(3);
  const bad = (index: number): string => kinds[index % kinds.length]?.(random) ?? "";
  const goodIds: string[] = [];
  for (let start = 0; start < perDoor; start += 500) {
    const writes = cluster.redis.pipeline();
    for (let index = start; index < start + 500; index++) {
      writes.xadd(`${cluster.prefix}log`, "*", index % 50 === 0 ? "evnt" : "event", bad(index));
      const channel = index % 2 === 0 ? "record:posts" : "message";
      writes.publish(cluster.prefix + channel, bad(index));
    }
    goodIds.push(`good${start}`);
    writes.xadd(`${cluster.prefix}log`, "*", "event", good(`good${start}`));
    await writes.exec();
  }
  await stream.waitForCount(goodIds.length, 30_000);
  const heard = stream.events().map(({ data }) => /"id":"(\w+)"/.exec(data ?? "")?.[1]);
  expect(heard).toEqual(goodIds);

  const metrics = await readMetrics(base);
  expect(metrics.get('sluice_malformed_events_total{door="log"}')).toBe(perDoor);
  const channels = ["record", "message"].map(
    (door) => metrics.get(`sluice_malformed_events_total{door="${door}"}`) ?? 0,
  );
  expect(channels.reduce((sum, count) => sum + count)).toBe(perDoor);
  expect(metrics.get('sluice_events_total{door="log"}')).toBe(goodIds.length);
  const lines =
    node
      ?.output()
      .split("\n")
      .filter((line) => line.includes("malformed events were skipped")) ?? [];
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThanOrEqual((performance.now() - startMs) / 1000 + 1);
  stream.close();
});

test("events of collections that nobody has are counted, and one line says so", async () => {
  const [node] = cluster.nodes;
  for (const collection of ["post", "pots"]) {
    const event = JSON.stringify({ collection, action: "create", record: { id: "p1" } });
    await cluster.redis.xadd(`${cluster.prefix}log`, "*", "event", event);
  }
  const count = async (): Promise<number | undefined> =>
    (await readMetrics(node?.url ?? "")).get("sluice_unknown_collection_events_total");
  await waitUntil(async () => (await count()) === 2, "both to be counted");
  const lines = node?.output().match(/.*reach nobody.*/g) ?? [];
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: 40, collection: "post", count: 1 });
});

test("events that come while a node starts are not of collections that nobody has", async () => {
  const redisUrl = new URL(inject("redisUrl"));
  const proxy = await startDelayingProxy(Number(redisUrl.port), { maxDelayMs: 50, random: () => 1 });
  redisUrl.port = String(proxy.port);
  const posts = JSON.stringify({ id: "posts_id", name: "posts", type: "base", fields: [] });
  await cluster.redis.hset(`${cluster.prefix}collections`, "posts", posts);
  const write = (): unknown => cluster.redis.xadd(`${cluster.prefix}log`, "*", "event", good("p1"));
  const writing = setInterval(write, 1);
  const gateway = await startGateway({ REDIS_URL: redisUrl.href, KEY_PREFIX: cluster.prefix });
  const count = async (name: string): Promise<number> => (await readMetrics(gateway.url)).get(name) ?? NaN;
  await waitUntil(async () => (await count('sluice_events_total{door="log"}')) > 0, "events");
  clearInterval(writing);
  expect(await count("sluice_unknown_collection_events_total")).toBe(0);
  await gateway.kill();
  proxy.close();
});
