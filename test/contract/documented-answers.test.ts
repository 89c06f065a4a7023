import { afterAll, beforeAll, expect, test } from "vitest";
import { call, type Call } from "../conformance/target.ts";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { type GatewayEnvironment, type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { RawConnection } from "../harness/raw-connection.ts";
import { postSubscriptions, publish } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { documentedFrames } from "./frame-contract.ts";
import { documentedAnswers } from "./http-contract.ts";
import { seen, WatchedAnswer } from "./watched-answers.ts";

/** What a test would have to break the gateway for, or what others provoke at length. */
const notProvoked: readonly string[] = [
  // a failure that nobody foresaw
  ...documentedAnswers().filter((name) => name.endsWith(" 500")),
  // needs a reader that takes nothing for long: test/cluster/slow-readers.test.ts
  "frame conflated",
];

/** The requests that can be made of a gateway, by the document's words. */
const routes: readonly (readonly [name: string, call: Call])[] = [
  ["GET /api/realtime", { method: "GET" }],
  ["POST /api/realtime", { method: "POST" }],
  ["POST /api/realtime/publish", { method: "POST", path: "/api/realtime/publish" }],
  ["GET /api/oauth2-redirect", { method: "GET", path: "/api/oauth2-redirect?code=c&state=" }],
  ["POST /api/oauth2-redirect", { method: "POST", path: "/api/oauth2-redirect" }],
  ["GET /_/", { method: "GET", path: "/_/" }],
  ["GET /api/health", { method: "GET", path: "/api/health" }],
  ["GET /livez", { method: "GET", path: "/livez" }],
  ["GET /readyz", { method: "GET", path: "/readyz" }],
  ["GET /metrics", { method: "GET", path: "/metrics" }],
  ["OPTIONS", { method: "OPTIONS" }],
  ["any", { method: "PATCH" }],
];

const json = { "Content-Type": "application/json" };
const gateways: GatewayProcess[] = [];

async function start(env: GatewayEnvironment = {}): Promise<string> {
  const gateway = await startGateway({ COLLECTIONS_FILE: demoCollectionsFile, ...env });
  gateways.push(gateway);
  return gateway.url;
}

let superuser: string;
let user: string;
beforeAll(async () => {
  superuser = await signSuperuserToken();
  user = await signToken("userA");
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.kill()));
});

test("a gateway that has all it needs", async () => {
  const url = await start();
  for (const [name, request] of routes) {
    if (name !== "GET /api/realtime") await call(url, request);
  }
  const stream = await SseReader.open(url);
  const leaving = `users/*?options=${encodeURIComponent('{"query":{"leave":true,"filter":"name = \\"a\\""}}')}`;
  await postSubscriptions(url, stream.clientId, ["posts/*", "news", "@oauth2", leaving], user);
  await postSubscriptions(url, stream.clientId, ["posts/*"]);
  await postSubscriptions(url, "a".repeat(40), []);
  await postSubscriptions(url, "", []);
  const large = { ...json, Authorization: superuser, "Content-Length": String(33 * 1024 * 1024) };
  for (const path of ["/api/realtime", "/api/realtime/publish"]) {
    await call(url, { method: "POST", path, headers: large, headersOnly: true });
  }
  const events = [
    { collection: "posts", action: "create", record: { id: "p1" } },
    {
      collection: "users",
      action: "update",
      record: { id: "u1", name: "b" },
      before: { id: "u1", name: "a" },
    },
    { topic: "news", data: 1 },
  ];
  await publish(url, events, user);
  await publish(url, [...events, { topic: 1 }], superuser);
  await publish(url, events, superuser);
  const redirect = `/api/oauth2-redirect?code=c&error=e&state=${stream.clientId}`;
  await call(url, { method: "GET", path: redirect });
  await stream.waitForCount(4);
  const back = await SseReader.open(url, {}, "?lastEventId=1-1");
  await postSubscriptions(url, back.clientId, ["news"]);
  await back.waitFor(({ event }) => event === "@resume", "@resume");
  stream.close();
  back.close();
  expect(seen).toContain("frame recordLeft");
});

test("a gateway that has had enough requests of an address", async () => {
  const url = await start({ ADDRESS_CONNECTS_PER_MINUTE: "1", ADDRESS_POSTS_PER_MINUTE: "1" });
  for (const [, request] of [...routes, ...routes]) {
    if (request.path !== undefined || request.method !== "GET") await call(url, request);
  }
  expect((await call(url, { method: "GET" })).status).toBe(429);
});

test("a gateway without Redis", async () => {
  const redis = await startRedisServer();
  const url = await start({ REDIS_URL: redis.url });
  await redis.close();
  await expect
    .poll(async () => (await call(url, { method: "GET", path: "/readyz" })).text, { timeout: 10_000 })
    .toBe('{"status":"degraded"}');
  const state = "a".repeat(40);
  await postSubscriptions(url, state, []);
  await publish(url, { topic: "news" }, superuser);
  await call(url, { method: "GET" });
  await call(url, { method: "GET", path: `/api/oauth2-redirect?code=c&state=${state}` });
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const body = `code=c&state=${state}`;
  await call(url, { method: "POST", path: "/api/oauth2-redirect", headers: form, body });
});

test("a gateway that leaves", async () => {
  const url = await start({ DRAIN_SECONDS: "20" });
  const stream = await SseReader.open(url);
  gateways.at(-1)?.process.kill("SIGTERM");
  await expect
    .poll(async () => (await call(url, { method: "GET", path: "/readyz" })).status, { timeout: 10_000 })
    .toBe(503);
  stream.close();
});

/** Sends what is no request yet, or none at all, and watches what comes before the connection is closed. */
async function provoke(url: string, { method, path = "/api/realtime" }: Call, text: string): Promise<number> {
  const connection = new RawConnection(url);
  connection.send(text);
  await connection.closed(20_000);
  const [head = "", body = ""] = connection.answer.split("\r\n\r\n");
  const [, ...lines] = head.split("\r\n");
  const headers = lines
    .map((line) => line.split(": "))
    .map(([name = "", value]) => [name.toLowerCase(), value]);
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  const answer = new WatchedAnswer({ method, path, status, headers: Object.fromEntries(headers) });
  answer.take(Buffer.from(body));
  answer.end();
  return status;
}

test("requests that never come to a route", async () => {
  const url = await start({ REQUEST_SECONDS: "1" });
  const statuses = await Promise.all(
    routes.map(([, request]) => {
      const line = `${request.method} ${request.path ?? "/api/realtime"} HTTP/1.1\r\nHost: gateway\r\n`;
      const texts = [line, `${line}X: ${"x".repeat(20_000)}`, `${line}no header\r\n\r\n`];
      return Promise.all(texts.map((text) => provoke(url, request, text)));
    }),
  );
  expect(statuses).toEqual(routes.map(() => [408, 431, 400]));
});

test("every answer and every frame of the documents has been seen, but for those named here", () => {
  const documented = [...documentedAnswers(), ...documentedFrames().map((name) => `frame ${name}`)];
  expect(documented.filter((name) => !seen.has(name)).toSorted()).toEqual(notProvoked.toSorted());
});
