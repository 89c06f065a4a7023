import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { readMetrics } from "../harness/metrics.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { type RoundRobinProxy, startRoundRobinProxy } from "../harness/round-robin-proxy.ts";
import { sdks } from "../harness/sdk.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { freshId, hearsAgain, listener, until, withClient } from "./sdk-stage.ts";

const perMinute = 200;
const streams = 2;

let cluster: Cluster;
let sdkCluster: Cluster;
let proxy: RoundRobinProxy;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"), {
    env: {
      TRUSTED_PROXY_HEADER: "X-Forwarded-For",
      ADDRESS_CONNECTS_PER_MINUTE: String(perMinute),
      ADDRESS_POSTS_PER_MINUTE: String(perMinute),
      IDENTITY_POSTS_PER_MINUTE: String(perMinute),
      MAX_STREAMS_PER_ADDRESS: String(streams),
    },
  });
  sdkCluster = await startCluster(inject("redisUrl"), {
    env: {
      TRUSTED_PROXY_HEADER: "X-Forwarded-For",
      MAX_STREAMS_PER_ADDRESS: "1",
      MAX_STREAMS_PER_IDENTITY: "1",
    },
  });
  proxy = await startRoundRobinProxy([]);
});
afterAll(async () => {
  await proxy.close();
  await cluster.close();
  await sdkCluster.close();
});

const nodeUrl = (index: number, { nodes }: Cluster = cluster): string => nodes[index]?.url ?? "";

let lastAddress = 0;

/** An address in a network that no other test sends from. */
function freshAddress(): string {
  lastAddress += 1;
  return `2001:db8:0:${lastAddress.toString(16)}::1`;
}

interface Sent {
  readonly from: string;
  readonly token?: string;
  readonly method?: string;
  readonly path?: string;
}

function send(node: number, { from, token, method = "POST", path = "/api/realtime" }: Sent) {
  const headers = {
    "X-Forwarded-For": from,
    Origin: "https://app.example",
    "Content-Type": "application/json",
    ...(token === undefined ? {} : { Authorization: token }),
  };
  const body = JSON.stringify({ clientId: "a".repeat(40) });
  return fetch(`${nodeUrl(node)}${path}`, {
    method,
    headers,
    redirect: "manual",
    ...(method === "POST" ? { body } : {}),
  });
}

async function statusOf(node: number, sent: Sent): Promise<number> {
  const response = await send(node, sent);
  await response.arrayBuffer();
  return response.status;
}

/** Counts are of a minute by the clock: a test that needs them whole begins early in one. */
async function earlyInAMinute(): Promise<void> {
  await waitUntil(() => Date.now() % 60_000 < 50_000, "the next minute", 20_000);
}

/** Sends until it is refused; returns how often it was not. */
async function untilRefused(node: number, sent: () => Sent): Promise<number> {
  for (let passed = 0; passed <= perMinute; passed++) {
    if ((await statusOf(node, sent())) === 429) return passed;
  }
  return Number.POSITIVE_INFINITY;
}

describe("P8: too many requests", () => {
  test("of one address are answered as PocketBase does, with the time to wait", async () => {
    await earlyInAMinute();
    const from = freshAddress();
    expect(await untilRefused(0, () => ({ from }))).toBe(perMinute);
    const answer = await send(0, { from });
    expect(await answer.text()).toBe('{"data":{},"message":"Too Many Requests.","status":429}\n');
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(answer.headers.get("Content-Type")).toBe("application/json");
  });

  test("on one node are too many on the other, and other addresses are not", async () => {
    await earlyInAMinute();
    const from = freshAddress();
    await untilRefused(0, () => ({ from }));
    expect(await untilRefused(1, () => ({ from }))).toBeLessThan(perMinute);
    expect(await statusOf(1, { from: freshAddress() })).toBe(404);
  });

  test("that connect and that POST are counted each for themselves, however the path is spelt", async () => {
    await earlyInAMinute();
    const from = freshAddress();
    const spellings = ["/api/realtime", "/api/%72ealtime", "/nowhere", "/api/realtime?a=1"];
    let last = 0;
    const next = (): Sent => ({ from, path: spellings[last++ % spellings.length] ?? "" });
    expect(await untilRefused(0, next)).toBe(perMinute);
    expect(await statusOf(0, { from, method: "GET", path: "/api/oauth2-redirect" })).toBe(307);
    expect(await untilRefused(0, () => ({ ...next(), method: "HEAD" }))).toBe(perMinute - 1);
  });

  test("are not what the platform and superusers ask, nor preflights", async () => {
    await earlyInAMinute();
    const from = freshAddress();
    await untilRefused(0, () => ({ from }));
    await untilRefused(0, () => ({ from, method: "HEAD" }));
    for (const path of ["/livez", "/readyz", "/metrics", "/api/health", "/livez?from=kubelet"]) {
      expect(await statusOf(0, { from, method: "GET", path })).toBe(200);
    }
    expect(await statusOf(0, { from, method: "OPTIONS" })).toBe(204);
    for (const query of ["", "?", "?by=jobs"]) {
      expect(await statusOf(0, { from, path: `/api/realtime/publish${query}` })).toBe(401);
    }
    expect(await statusOf(0, { from, method: "GET", path: "/nowhere?/livez" })).toBe(429);
  });

  test("of one identity are refused, wherever they come from; superusers' are not", async () => {
    await earlyInAMinute();
    const token = await signToken("u1");
    expect(await untilRefused(0, () => ({ from: freshAddress(), token }))).toBe(perMinute);
    expect(await untilRefused(1, () => ({ from: freshAddress(), token }))).toBeLessThan(perMinute);
    const superuser = await signSuperuserToken();
    expect(await untilRefused(1, () => ({ from: freshAddress(), token: superuser }))).toBe(Infinity);
    expect(await statusOf(1, { from: freshAddress(), token: await signToken("u2") })).toBe(404);
  });
});

test("P8: an address has as many streams of a node as it may, and one that ends makes room", async () => {
  const headers = { "X-Forwarded-For": "2001:db9::1" };
  const open = (): Promise<SseReader> => SseReader.openRaw(nodeUrl(0), headers);
  const opened = [await open(), await open()];
  // of the same network
  const other = await SseReader.openRaw(nodeUrl(0), { "X-Forwarded-For": "2001:db9::2" });
  expect(other.status).toBe(429);
  expect(other.headers["retry-after"]).toBe("2");
  const metrics = await readMetrics(nodeUrl(0));
  expect(metrics.get('sluice_requests_refused_total{reason="address_streams"}')).toBe(1);
  opened[0]?.close();
  let again = await open();
  const hasRoom = async (): Promise<boolean> => {
    if (again.status !== 200) again = await open();
    return again.status === 200;
  };
  await waitUntil(hasRoom, "room for a stream");
  expect(again.status).toBe(200);
  for (const stream of [...opened, again]) stream.close();
});

async function refusalsOf(reason: string): Promise<number> {
  const metrics = await readMetrics(nodeUrl(1, sdkCluster));
  return metrics.get(`sluice_requests_refused_total{reason="${reason}"}`) ?? 0;
}

/** Waits until a client has come again and again in vain. */
async function refused(reason: string, before: number): Promise<void> {
  await until(async () => (await refusalsOf(reason)) >= before + 3, "the client to be refused");
}

describe.each(sdks)("P1: the SDK $version comes back by itself", (sdk) => {
  /** Works with a client on the first node, whose connection is cut then, and which is let to the other node alone. */
  async function cutToOther(
    token: string,
    work: (hears: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    proxy.setNodes([nodeUrl(0, sdkCluster)]);
    const stage = { cluster: sdkCluster, proxy, sdk };
    await withClient(stage, async (client) => {
      const topic = freshId();
      const { heard, hear } = listener<unknown>();
      await client.realtime.subscribe(topic, hear);
      client.authStore.save(token);
      proxy.setNodes([nodeUrl(1, sdkCluster)]);
      proxy.cut();
      await work(() => hearsAgain(stage, topic, heard));
    });
  }

  test("when its GET is answered 429", async () => {
    const inPlace = await SseReader.open(nodeUrl(1, sdkCluster));
    expect(inPlace.status).toBe(200);
    const before = await refusalsOf("address_streams");
    await cutToOther("", async (hears) => {
      await refused("address_streams", before);
      inPlace.close();
      await hears();
    });
  });

  test("when its POST is answered 429", async () => {
    const token = await signToken(freshId());
    const inPlace = await SseReader.open(nodeUrl(1, sdkCluster), { "X-Forwarded-For": freshAddress() });
    const bound = await postSubscriptions(nodeUrl(1, sdkCluster), inPlace.clientId, [], token);
    expect(bound.status).toBe(204);
    const other = await SseReader.open(nodeUrl(1, sdkCluster), { "X-Forwarded-For": freshAddress() });
    const text = '{"data":{},"message":"Too many realtime streams.","status":429}\n';
    expect(await postSubscriptions(nodeUrl(0, sdkCluster), other.clientId, [], token)).toEqual({
      status: 429,
      text,
    });
    other.close();
    const before = await refusalsOf("identity_streams");
    await cutToOther(token, async (hears) => {
      await refused("identity_streams", before);
      inPlace.close();
      await hears();
    });
  });
});
