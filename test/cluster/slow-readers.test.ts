import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { readMetrics } from "../harness/metrics.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";

const stallSeconds = 3;
const records = 5;
const versions = 200;
/** Together far more than the kernel's buffers of a connection take. */
const padding = "x".repeat(40_000);

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"), {
    nodes: 1,
    env: {
      MAX_OUTBOX_BYTES: "1000000",
      STALL_SECONDS: String(stallSeconds),
      MAX_EVENT_BYTES: "100000",
      // each reader begins with nothing, though the one before was cut and subscribed alike
      ORPHAN_SECONDS: "0",
    },
  });
});
afterAll(() => cluster.close());

async function open(): Promise<SseReader> {
  const base = cluster.nodes[0]?.url ?? "";
  const stream = await SseReader.open(base);
  await postSubscriptions(base, stream.clientId, ["posts/*", "end"]);
  return stream;
}

async function write(id: string, version: number): Promise<void> {
  const record = { id, score: version, title: padding };
  await cluster.log({ collection: "posts", action: "update", record });
}

/** The versions of each record as a reader saw them. */
function versionsSeen(stream: SseReader): ReadonlyMap<string, readonly number[]> {
  const seen = new Map<string, number[]>();
  for (const { data = "" } of stream.events("posts/*")) {
    const [, id = "", version = ""] = /"id":"([^"]*)".*"score":(\d+)/.exec(data) ?? [];
    seen.set(id, [...(seen.get(id) ?? []), Number(version)]);
  }
  return seen;
}

function metric(name: string): Promise<number> {
  return readMetrics(cluster.nodes[0]?.url ?? "").then((metrics) => metrics.get(name) ?? 0);
}

test("P8: a reader that stands still and goes on sees the last state of every record, and nobody else notices", async () => {
  const [slow, quick] = [await open(), await open()];
  slow.stall();
  for (let version = 1; version <= versions; version++) {
    for (let record = 0; record < records; record++) await write(`r${record}`, version);
    // a writer that is faster than a reader makes it a slow one
    await quick.waitForCount(version * records);
  }
  await cluster.log({ topic: "end", data: 1 });
  await quick.waitFor(({ event }) => event === "end", "the end", 20_000);
  slow.resume();
  await slow.waitFor(({ event }) => event === "end", "the end", 20_000);
  const ids = Array.from({ length: records }, (_, index) => `r${index}`);
  const all = Array.from({ length: versions }, (_, index) => index + 1);
  expect([...versionsSeen(quick)]).toEqual(ids.map((id) => [id, all]));
  for (const id of ids) {
    const seen = versionsSeen(slow).get(id) ?? [];
    expect(seen.at(-1)).toBe(versions);
    expect(seen).toEqual(seen.toSorted((one, other) => one - other));
    // else the reader was not slow enough for anything to be left out
    expect(seen.length).toBeLessThan(versions);
  }
  expect(await metric("sluice_outbox_bytes")).toBe(0);
  slow.close();
  quick.close();
});

test("P8: a reader for whom too much is left even so is cut at once", async () => {
  const slow = await open();
  slow.stall();
  for (let record = 0; record < 600 && !slow.ended; record++) await write(`many${record}`, 1);
  await waitUntil(
    async () => (await metric('sluice_stream_cuts_total{reason="outbox"}')) === 1,
    "a cut",
    10_000,
  );
  expect(await metric("sluice_outbox_bytes")).toBe(0);
  slow.close();
});

test("P8: a reader that stands still for good is cut in time", async () => {
  const slow = await open();
  slow.stall();
  for (let version = 1; version <= 300; version++) await write("one", version);
  await waitUntil(
    async () => (await metric('sluice_stream_cuts_total{reason="stalled"}')) === 1,
    "a cut",
    (stallSeconds + 5) * 1_000,
  );
  expect(await metric("sluice_outbox_bytes")).toBe(0);
  slow.close();
});
