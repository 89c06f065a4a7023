import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { postSubscriptions, publish } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { signSuperuserToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

let redisServer: Awaited<ReturnType<typeof startRedisServer>>;
let gateway: GatewayProcess;
let stream: SseReader;
beforeEach(async () => {
  redisServer = await startRedisServer();
  gateway = await startGateway({
    REDIS_URL: redisServer.url,
    COLLECTIONS_FILE: demoCollectionsFile,
    HEARTBEAT_SECONDS: "1",
  });
  stream = await SseReader.open(gateway.url);
  await postSubscriptions(gateway.url, stream.clientId, ["posts/*"]);
});
afterEach(async () => {
  stream.close();
  await gateway.kill();
  await redisServer.close();
});

async function write(id: string): Promise<void> {
  const writer = new Redis(redisServer.url);
  const event = { collection: "posts", action: "create", record: { id } };
  await writer.xadd("rt:log", "*", "event", JSON.stringify(event));
  writer.disconnect();
}

const readiness = async (): Promise<unknown> => {
  const response = await fetch(`${gateway.url}/readyz`);
  return [response.status, await response.json()];
};

/** Requests are refused with 503 within some seconds, while the stream lives and the process says that it does. */
async function expectDegraded(): Promise<void> {
  const posted = await postSubscriptions(gateway.url, stream.clientId, ["posts/*", "more"]);
  expect(posted).toEqual({
    status: 503,
    text: '{"data":{},"message":"The realtime service is not available now.","status":503}\n',
  });
  await expect.poll(readiness, { timeout: 10_000 }).toEqual([200, { status: "degraded" }]);
  expect((await publish(gateway.url, { topic: "a" }, await signSuperuserToken())).status).toBe(503);
  expect((await SseReader.openRaw(gateway.url)).status).toBe(503);
  expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
  const { heartbeats } = stream;
  await waitUntil(() => stream.heartbeats > heartbeats + 1, "heartbeats without Redis");
  expect(stream.ended).toBe(false);
}

const until = (what: () => Promise<unknown>): { toEqual: (value: unknown) => Promise<void> } =>
  expect.poll(what, { timeout: 15_000 });

describe("without Redis streams stay open and requests are refused", () => {
  test("frozen: behind it the stream goes on, and nothing is lost", async () => {
    redisServer.process.kill("SIGSTOP");
    await expectDegraded();
    redisServer.process.kill("SIGCONT");
    await until(readiness).toEqual([200, { status: "ready" }]);
    await write("after");
    await stream.waitFor(({ data }) => data?.includes('"after"') ?? false, "the event", 10_000);
    expect((await postSubscriptions(gateway.url, stream.clientId, ["posts/*"])).status).toBe(204);
  });

  test("killed and back without its data: streams end, since events may be missing", async () => {
    await redisServer.close();
    await expectDegraded();
    redisServer = await startRedisServer(Number(new URL(redisServer.url).port));
    await stream.waitForEnd(20_000);
    await until(readiness).toEqual([200, { status: "ready" }]);
    const next = await SseReader.open(gateway.url);
    expect((await postSubscriptions(gateway.url, next.clientId, ["posts/*"])).status).toBe(204);
    await write("after");
    await next.waitForCount(1);
    next.close();
  });
});

test("P5: a stream whose time is up goes on without Redis, and ends once its place can be written down", async () => {
  const short = await startGateway({
    REDIS_URL: redisServer.url,
    COLLECTIONS_FILE: demoCollectionsFile,
    HEARTBEAT_SECONDS: "1",
    STREAM_SECONDS: "2",
  });
  const old = await SseReader.open(short.url);
  await postSubscriptions(short.url, old.clientId, ["posts/*"]);
  await write("before");
  await old.waitForCount(1);
  redisServer.process.kill("SIGSTOP");
  await waitUntil(() => old.heartbeats > 4, "heartbeats without Redis", 10_000);
  expect(old.ended).toBe(false);
  redisServer.process.kill("SIGCONT");
  await old.waitForEnd(10_000);
  await write("missed");
  const next = await SseReader.open(short.url);
  expect((await postSubscriptions(short.url, next.clientId, ["posts/*"])).status).toBe(204);
  await next.waitForCount(1);
  expect(next.events().map(({ data }) => JSON.parse(data ?? "").record.id)).toEqual(["missed"]);
  next.close();
  await short.kill();
});
