import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { signSuperuserToken } from "../harness/tokens.ts";
import type { WrittenSpan } from "../harness/tracing-sdk.ts";
import { waitUntil } from "../harness/wait-until.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const writerSpanId = "b7ad6b7169203331";
const traceparent = `00-${traceId}-${writerSpanId}-01`;

let redis: Redis;
let prefix: string;
let spansFile: string;
let gateway: GatewayProcess;
let stream: SseReader;

beforeAll(async () => {
  redis = new Redis(inject("redisUrl"));
  prefix = uniqueKeyPrefix();
  spansFile = join(mkdtempSync(join(tmpdir(), "sluice-spans-")), "spans");
  gateway = await start(["--import", "./test/harness/tracing-sdk.ts"]);
});
beforeEach(async () => {
  writeFileSync(spansFile, "");
  stream = await open(gateway);
});
afterEach(() => stream.close());
afterAll(async () => {
  await gateway.kill();
  redis.disconnect();
});

function start(flags: readonly string[]): Promise<GatewayProcess> {
  const env = { REDIS_URL: inject("redisUrl"), KEY_PREFIX: prefix, COLLECTIONS_FILE: demoCollectionsFile };
  return startGateway({ ...env, SPANS_FILE: spansFile }, flags);
}

async function open({ url }: GatewayProcess): Promise<SseReader> {
  const opened = await SseReader.open(url);
  await postSubscriptions(url, opened.clientId, ["posts/*", "posts/p1", "news"]);
  return opened;
}

const spans = (): readonly WrittenSpan[] =>
  readFileSync(spansFile, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): WrittenSpan => JSON.parse(line));

const arrival = (text: string): Promise<unknown> =>
  stream.waitFor(({ data }) => data?.includes(text) === true, `a frame with ${text}`);

async function write(event: object): Promise<void> {
  await redis.xadd(`${prefix}log`, "*", "event", JSON.stringify(event));
}

const created = (id: string): object => ({ collection: "posts", action: "create", record: { id } });

const doorOf = (span: WrittenSpan): string => String(span.attributes["sluice.door"]);

test("an event's trace goes on, from its reception to its last write", async () => {
  const beforeMs = Date.now();
  await write({ ...created("p1"), traceparent });
  await write({ collection: "audits", action: "delete", record: { id: "a1" }, traceparent });
  await redis.publish(`${prefix}message`, JSON.stringify({ topic: "news", data: 1, traceparent }));
  await waitUntil(() => spans().length === 3, "three spans");
  const common = { name: "sluice deliver", traceId, parentId: writerSpanId };
  const record = { "sluice.door": "log", "sluice.collection": "posts", "sluice.action": "create" };
  const audit = { "sluice.door": "log", "sluice.collection": "audits", "sluice.action": "delete" };
  const news = { "sluice.door": "message", "sluice.topic": "news" };
  // the log and the channels come on connections of their own
  const seen = spans().toSorted(
    (one, other) => doorOf(one).localeCompare(doorOf(other)) || one.startMs - other.startMs,
  );
  expect(seen).toMatchObject([
    { ...common, attributes: { ...record, "sluice.recipients": 2 } },
    { ...common, attributes: { ...audit, "sluice.recipients": 0 } },
    { ...common, attributes: { ...news, "sluice.recipients": 1 } },
  ]);
  for (const { startMs, endMs } of seen) {
    expect(startMs).toBeGreaterThanOrEqual(beforeMs - 1);
    expect(endMs).toBeGreaterThanOrEqual(startMs);
  }
});

test("the publish door's traceparent header is the trace of events that bring none", async () => {
  const own = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
  const response = await fetch(`${gateway.url}/api/realtime/publish`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: await signSuperuserToken(), traceparent },
    body: JSON.stringify([created("p1"), { ...created("p2"), traceparent: own }]),
  });
  expect(response.status).toBe(200);
  await waitUntil(() => spans().length === 2, "two spans");
  expect(spans().map((span) => span.traceId)).toEqual(expect.arrayContaining([traceId, "1".repeat(32)]));
  await arrival('"p1"');
  expect(stream.frames.some(({ data }) => data?.includes(traceId) === true)).toBe(false);
});

test.each([
  ["is no text", 5],
  ["is null", null],
  ["is an object", { traceparent }],
  ["is something else", "hello"],
  ["has no such version", `ff-${traceId}-${writerSpanId}-01`],
  ["has ids of zeros", `00-${"0".repeat(32)}-${"0".repeat(16)}-01`],
  ["has upper case", traceparent.toUpperCase()],
  ["is very long", `${traceparent}-${"x".repeat(100_000)}`],
])("a traceparent that %s begins no span, and the event arrives", async (_what, bad) => {
  await write({ ...created("p2"), traceparent: bad });
  await write(created("p3"));
  await write({ ...created("p4"), traceparent });
  await arrival('"p4"');
  await waitUntil(() => spans().length > 0, "the span of the good one");
  expect(stream.frames.filter(({ event }) => event === "posts/*")).toHaveLength(3);
  expect(spans()).toMatchObject([{ traceId }]);
});

test("without an SDK the event arrives all the same", async () => {
  const plain = await start([]);
  const listener = await open(plain);
  await write({ ...created("p1"), traceparent });
  await listener.waitFor(({ data }) => data?.includes('"p1"') === true, "the event");
  expect(plain.output()).not.toContain("could not be dispatched");
  await waitUntil(() => spans().length > 0, "the span of the node with an SDK");
  expect(spans()).toHaveLength(1);
  listener.close();
  await plain.kill();
});
