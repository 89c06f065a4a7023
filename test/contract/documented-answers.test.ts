import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answer, call, type Call } from "../conformance/target.ts";
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
  ["GET /api/console", { method: "GET", path: "/api/console" }],
  ["GET /api/console/clients", { method: "GET", path: "/api/console/clients" }],
  ["GET /api/console/clients/{id}", { method: "GET", path: "/api/console/clients/c" }],
  ["DELETE /api/console/clients/{id}", { method: "DELETE", path: "/api/console/clients/c" }],
  ["POST /api/console/explain", { method: "POST", path: "/api/console/explain" }],
  ["GET /api/console/play/collections", { method: "GET", path: "/api/console/play/collections" }],
  [
    "PUT /api/console/play/collections/{name}",
    { method: "PUT", path: "/api/console/play/collections/posts" },
  ],
  ["POST /api/console/play/tokens", { method: "POST", path: "/api/console/play/tokens" }],
  ["GET /console", { method: "GET", path: "/console" }],
  ["GET /console/", { method: "GET", path: "/console/" }],
  ["GET /console/play", { method: "GET", path: "/console/play" }],
  ["GET /console/assets/{file}", { method: "GET", path: "/console/assets/page.js" }],
  ["OPTIONS", { method: "OPTIONS" }],
  ["any", { method: "PATCH" }],
];

const consoleRoutes = routes.filter(([, { path }]) => path?.startsWith("/api/console"));

const json = { "Content-Type": "application/json" };
const gateways: GatewayProcess[] = [];

async function start(env: GatewayEnvironment = {}, flags: readonly string[] = []): Promise<string> {
  const gateway = await startGateway({ COLLECTIONS_FILE: demoCollectionsFile, ...env }, flags);
  gateways.push(gateway);
  return gateway.url;
}

let superuser: string;
let user: string;
/** Where the console's pages are, as if they were built. */
const built = mkdtempSync(join(tmpdir(), "sluice-console-"));
beforeAll(async () => {
  superuser = await signSuperuserToken();
  user = await signToken("userA");
  mkdirSync(join(built, "assets"));
  for (const name of ["index.html", "play.html", "assets/page.js"]) writeFileSync(join(built, name), "");
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.kill()));
  rmSync(built, { recursive: true });
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

test("a gateway whose console is asked by a superuser", async () => {
  const url = await start({ COLLECTIONS_FILE: "", PLAYGROUND: "true" }, [pagesFrom(built)]);
  const ask = (path: string, method = "GET", body?: unknown): Promise<Answer> => {
    const headers = { ...json, Authorization: superuser };
    return call(url, {
      method,
      path,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  const stream = await SseReader.open(url);
  await postSubscriptions(url, stream.clientId, ["@stats", "posts/*"], superuser);
  const event = { collection: "posts", action: "create", record: { id: "p1" } };
  await stream.waitFor(({ data = "" }) => data.includes('"kind":"node"'), "a report of a node");
  await publish(url, event, superuser);
  await stream.waitFor(({ data = "" }) => data.includes('"kind":"events"'), "a report of events");
  const play = "/api/console/play";
  const client = `/api/console/clients/${stream.clientId}`;
  for (const path of ["/api/console", "/api/console/clients", client, `${play}/collections`]) await ask(path);
  await ask("/api/console/explain", "POST", { clientId: stream.clientId, event });
  await ask("/api/console/explain", "POST", { clientId: "c", event });
  await ask("/api/console/explain", "POST", {});
  await ask(`${play}/collections/posts`, "PUT", { listRule: "title != ''" });
  await ask(`${play}/collections/posts`, "PUT", { listRule: "nothing = 1" });
  await ask(`${play}/tokens`, "POST", { collection: "users", id: "u1" });
  await ask(`${play}/tokens`, "POST", { collection: "posts", id: "u1" });
  await ask("/api/console/clients/c");
  await ask("/api/console/clients/c", "DELETE");
  await ask(client, "DELETE");
  for (const [, { method, path = "" }] of consoleRoutes) {
    await call(url, { method, path });
    await call(url, { method, path, headers: { Authorization: user } });
    if (method !== "POST" && method !== "PUT") continue;
    const headers = { ...json, Authorization: superuser, "Content-Length": String(33 * 1024 * 1024) };
    await call(url, { method, path, headers, headersOnly: true });
  }
  for (const path of ["/console", "/console/play", "/console/assets/page.js"]) {
    const { etag = "" } = (await ask(path)).headers;
    expect((await call(url, { method: "GET", path, headers: { "If-None-Match": etag } })).status).toBe(304);
  }
  stream.close();
});

test("a gateway without a console", async () => {
  const url = await start({ CONSOLE: "false" });
  for (const [, request] of routes.filter(([name]) => name.includes("/console"))) {
    expect((await call(url, request)).status).toBe(404);
  }
});

test("a gateway that cannot have the keys of tokens", async () => {
  const url = await start({ AUTH_JWKS_URL: "http://127.0.0.1:1/keys", PLAYGROUND: "true" });
  const [head, claims] = [{ alg: "RS256", kid: "k" }, {}].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const headers = { Authorization: `${head}.${claims}.AAAA` };
  for (const [, request] of consoleRoutes) {
    expect((await call(url, { ...request, headers })).status).toBe(503);
  }
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

/** A flag of Node by which a gateway has the console's pages from a folder: they need not be built for this. */
function pagesFrom(folder: string): string {
  const hook = `import { registerHooks } from "node:module";
    registerHooks({ load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith("/console-pages.ts")) return loaded;
      const source = String(loaded.source).replace("../../../console/dist/", ${JSON.stringify(`file://${folder}/`)});
      return { ...loaded, source };
    } });`;
  return `--import=data:text/javascript,${encodeURIComponent(hook)}`;
}

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
