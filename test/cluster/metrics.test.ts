import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type BreakableProxy, startBreakableProxy } from "../harness/breakable-proxy.ts";
import { type Cluster, demoCollectionsFile, startCluster } from "../harness/cluster.ts";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { familiesIn, readMetrics, scrape } from "../harness/metrics.ts";
import { rowsUnder } from "../harness/operate-doc.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";

let cluster: Cluster;
let base: string;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"), { nodes: 1 });
  base = cluster.nodes[0]?.url ?? "";
});
afterAll(() => cluster.close());

const created = (id: string, collection = "posts"): object => ({
  collection,
  action: "create",
  record: { id },
});

const value = async (series: string): Promise<number> => (await readMetrics(base)).get(series) ?? Number.NaN;

/** Waits for a series to be what it is to be. */
const becomes = (series: string, wanted: number): Promise<void> =>
  waitUntil(async () => (await value(series)) === wanted, `${series} to be ${wanted}`);

test("what happens is counted: events by door, deliveries, denials, and the delay of what was logged", async () => {
  const streams = await Promise.all([SseReader.open(base), SseReader.open(base)]);
  for (const { clientId } of streams) await postSubscriptions(base, clientId, ["posts/*", "audits/*"]);
  await cluster.log(created("p1"));
  await cluster.log(created("p2"));
  await cluster.log(created("a1", "audits"));
  await cluster.log(created("n1", "nowhere"));
  await cluster.log({ action: "create" });
  await cluster.channel("posts", created("p3"));
  await cluster.message({ topic: "news" });
  for (const stream of streams) {
    await stream.waitFor(({ data }) => data?.includes('"p3"') === true, "the event of the channel");
  }
  await becomes('sluice_events_total{door="message"}', 1);
  await becomes("sluice_delivery_delay_seconds_count", 2);
  const metrics = await readMetrics(base);
  const seen = Object.fromEntries(
    [
      "sluice_streams",
      "sluice_subscriptions",
      "sluice_audiences",
      'sluice_events_total{door="log"}',
      'sluice_events_total{door="record"}',
      'sluice_malformed_events_total{door="log"}',
      "sluice_unknown_collection_events_total",
      "sluice_failed_events_total",
      "sluice_deliveries_total",
      'sluice_denials_total{reason="rule"}',
    ].map((series) => [series, metrics.get(series)]),
  );
  expect(seen).toEqual({
    sluice_streams: 2,
    sluice_subscriptions: 4,
    // guests are alike: one audience for each of the two strings
    sluice_audiences: 2,
    'sluice_events_total{door="log"}': 4,
    'sluice_events_total{door="record"}': 1,
    'sluice_malformed_events_total{door="log"}': 1,
    sluice_unknown_collection_events_total: 1,
    sluice_failed_events_total: 0,
    sluice_deliveries_total: 6,
    'sluice_denials_total{reason="rule"}': 2,
  });
  const delaySeconds = metrics.get("sluice_delivery_delay_seconds_sum") ?? Number.NaN;
  expect(delaySeconds).toBeGreaterThanOrEqual(0);
  expect(delaySeconds).toBeLessThan(60);
  for (const stream of streams) stream.close();
  await becomes("sluice_streams", 0);
});

test("an event's delay is counted from the time in its id until it is written", async () => {
  const stream = await SseReader.open(base);
  await postSubscriptions(base, stream.clientId, ["posts/*"]);
  const count = await value("sluice_delivery_delay_seconds_count");
  const sum = await value("sluice_delivery_delay_seconds_sum");
  // a writer may name the id, and no id may be older than the last one: this one is from the future
  const key = `${cluster.prefix}log`;
  await cluster.redis.xadd(key, `${Date.now() + 3_600_000}-0`, "event", JSON.stringify(created("p4")));
  await becomes("sluice_delivery_delay_seconds_count", count + 1);
  // less than nothing is nothing: a sum that falls would be a restart to Prometheus
  expect(await value("sluice_delivery_delay_seconds_sum")).toBe(sum);
  stream.close();
});

describe("a node tells how far behind the log it is", () => {
  const user = `reader-${uniqueKeyPrefix().replaceAll(":", "")}`;
  let redis: Redis;
  let proxy: BreakableProxy;
  let node: GatewayProcess;
  let prefix: string;
  const shown = async (series: string): Promise<number> =>
    (await readMetrics(node.url)).get(series) ?? Number.NEGATIVE_INFINITY;
  const lag = (): Promise<number> => shown("sluice_log_lag_seconds");

  beforeAll(async () => {
    redis = new Redis(inject("redisUrl"));
    prefix = uniqueKeyPrefix();
    await redis.call("ACL", "SETUSER", user, "on", ">secret", "~*", "&*", "+@all");
    const target = new URL(inject("redisUrl"));
    proxy = await startBreakableProxy(Number(target.port));
    node = await startGateway({
      REDIS_URL: `redis://${user}:secret@127.0.0.1:${proxy.port}`,
      KEY_PREFIX: prefix,
      COLLECTIONS_FILE: demoCollectionsFile,
    });
  });
  afterAll(async () => {
    await node.kill();
    await proxy.close();
    await redis.call("ACL", "DELUSER", user);
    redis.disconnect();
  });

  const write = async (ms: number): Promise<void> =>
    void (await redis.xadd(`${prefix}log`, `${ms}-0`, "event", JSON.stringify(created("p1"))));

  test("by the ids of the last entry that it has read, and of the last one there is", async () => {
    expect(await lag()).toBe(0);
    const ms = Date.now() + 1_000_000;
    await write(ms);
    await waitUntil(
      async () => (await shown("sluice_log_position_timestamp_seconds")) === ms / 1000,
      "the node to read the entry",
    );
    await redis.call("ACL", "SETUSER", user, "-xread");
    await waitUntil(
      () => node.output().includes("a fault while reading the log"),
      "the reader to be refused",
    );
    await write(ms + 7_500);
    expect(await lag()).toBe(7.5);
    await redis.xtrim(`${prefix}log`, "MAXLEN", 1);
    expect(await lag()).toBe(Number.POSITIVE_INFINITY);
    await redis.call("ACL", "SETUSER", user, "+xread");
    await waitUntil(async () => (await lag()) === 0, "the node to catch up");
  });

  test("and while Redis says nothing, that nobody knows; the scrape is answered", async () => {
    proxy.hold();
    expect(await lag()).toBe(Number.NaN);
    // it did not wait for as long as a node waits for Redis
    expect(node.output()).not.toContain("Redis is lost");
    proxy.isolate();
    const connected = "sluice_backplane_connected";
    await waitUntil(async () => (await shown(connected)) === 0, "the node to notice", 20_000);
    expect(await lag()).toBe(Number.NaN);
    proxy.heal();
    await waitUntil(
      async () => (await shown(connected)) === 1 && (await lag()) === 0,
      "the node to be back",
      20_000,
    );
  });
});

describe("/metrics", () => {
  test("has the metrics that docs/operate.md lists, with these types and labels", async () => {
    const families = familiesIn(await scrape(base));
    const own = families.filter(({ name }) => name.startsWith("sluice_"));
    const rows = own.map(({ name, type, samples }) => {
      const labels = new Set([...samples.values()].flat().flatMap((sample) => Object.keys(sample)));
      labels.delete("le");
      return [name, type, [...labels].join(", ")];
    });
    expect(rowsUnder("Metrics").map((row) => row.slice(0, 3))).toEqual(rows);
  });

  test("has every value of every label from the start, and those that docs/operate.md names", async () => {
    const fresh = familiesIn(await scrape(base));
    for (const [metric = "", label = "", values = ""] of rowsUnder("Labels")) {
      const samples = fresh.find(({ name }) => name === metric)?.samples.get(metric) ?? [];
      expect(samples.map((sample) => sample[label])).toEqual(values.split(", "));
    }
  });
});
