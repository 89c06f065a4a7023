import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { postSubscriptions, publish } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { signSuperuserToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

let gateway: GatewayProcess;
let superuser: string;
beforeAll(async () => {
  superuser = await signSuperuserToken();
});

/** Opens a stream that is subscribed to a custom topic. */
async function openSubscribed(): Promise<SseReader> {
  const stream = await SseReader.open(gateway.url);
  await postSubscriptions(gateway.url, stream.clientId, ["tick"]);
  return stream;
}

const tick = (): Promise<unknown> => publish(gateway.url, { topic: "tick" }, superuser);

/** How long a stream lives, in milliseconds, while something is done over and over. */
async function lifeMs(stream: SseReader, meanwhile: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await waitUntil(
    async () => {
      await meanwhile();
      return stream.ended;
    },
    "the end of a stream",
    10_000,
  );
  return performance.now() - startMs;
}

describe("quiet streams", () => {
  beforeAll(async () => {
    gateway = await startGateway({ IDLE_SECONDS: "1", STREAM_SECONDS: "0", HEARTBEAT_SECONDS: "1" });
  });
  afterAll(() => gateway.kill());

  test("a stream ends after the idle time without a frame", async () => {
    const stream = await openSubscribed();
    expect(await lifeMs(stream, () => Promise.resolve())).toBeGreaterThan(900);
  });

  test("the end is clean: the last chunk, nothing cut", async () => {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.write("GET /api/realtime HTTP/1.1\r\nHost: gateway\r\n\r\n");
    await waitUntil(() => text.includes("PB_CONNECT"), "PB_CONNECT");
    await postSubscriptions(gateway.url, /id:(\w+)/.exec(text)?.[1] ?? "", ["tick"]);
    await expect.poll(() => text, { timeout: 10_000 }).toMatch(/\r\n0\r\n\r\n$/);
    socket.destroy();
  });

  test("a frame postpones the end, a POST or a heartbeat does not", async () => {
    const [fed, posted] = [await openSubscribed(), await openSubscribed()];
    const repeat = (): Promise<unknown> => postSubscriptions(gateway.url, posted.clientId, ["other"]);
    await lifeMs(posted, () => Promise.all([repeat(), tick()]));
    expect(posted.ended).toBe(true);
    expect(fed.ended).toBe(false);
    fed.close();
  });

  test("a heartbeat is a comment of two bytes, without a blank line", async () => {
    const stream = await openSubscribed();
    await waitUntil(() => stream.heartbeats > 0, "a heartbeat");
    expect(stream.raw).toMatch(/\n\n:\n/);
    expect(stream.raw).not.toMatch(/^:\n\n/m);
    stream.close();
  });

  test("after the end the client is unknown", async () => {
    const stream = await openSubscribed();
    await stream.waitForEnd(10_000);
    const post = (): Promise<{ status: number }> => postSubscriptions(gateway.url, stream.clientId, []);
    await expect.poll(post).toMatchObject({ status: 404 });
  });

  test("a stream that has not had its first POST is not ended", async () => {
    const [waiting, idle] = [await SseReader.open(gateway.url), await openSubscribed()];
    await idle.waitForEnd(10_000);
    expect(waiting.ended).toBe(false);
    expect((await postSubscriptions(gateway.url, waiting.clientId, ["tick"])).status).toBe(204);
    expect(waiting.ended).toBe(false);
    await waiting.waitForEnd(10_000);
  });
});

test("streams that fall silent together end one part after the other", async () => {
  gateway = await startGateway({ IDLE_SECONDS: "3", STREAM_SECONDS: "0", HEARTBEAT_SECONDS: "0" });
  const streams = await Promise.all(Array.from({ length: 250 }, openSubscribed));
  await tick();
  await waitUntil(() => streams.some(({ ended }) => ended), "the first end", 10_000);
  const firstMs = performance.now();
  await Promise.all(streams.map((stream) => stream.waitForEnd(10_000)));
  // three sweeps, one second apart
  expect(performance.now() - firstMs).toBeGreaterThan(900);
  await gateway.kill();
});

describe("old streams", () => {
  beforeAll(async () => {
    gateway = await startGateway({ IDLE_SECONDS: "0", STREAM_SECONDS: "2", HEARTBEAT_SECONDS: "0" });
  });
  afterAll(() => gateway.kill());

  test("a stream ends after its life, in the midst of traffic", async () => {
    const stream = await openSubscribed();
    const lived = await lifeMs(stream, tick);
    // up to a tenth shorter at random
    expect(lived).toBeGreaterThan(1_700);
    expect(stream.events().length).toBeGreaterThan(10);
    expect(stream.heartbeats).toBe(0);
  });
});

test("a node that has all the streams it may have answers 503, and takes one more when one has gone", async () => {
  const full = await startGateway({ MAX_STREAMS: "2" });
  const streams = [await SseReader.open(full.url), await SseReader.open(full.url)];
  const refused = await fetch(`${full.url}/api/realtime`);
  expect([refused.status, await refused.text()]).toEqual([
    503,
    '{"data":{},"message":"Too many realtime streams.","status":503}\n',
  ]);
  streams[0]?.close();
  const open = async (): Promise<number> => {
    const stream = await SseReader.openRaw(full.url);
    if (stream.status !== 200) stream.close();
    return stream.status;
  };
  await expect.poll(open).toBe(200);
  await full.kill();
});
