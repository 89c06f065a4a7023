import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { type GatewayProcess, startGateway, testSecret } from "../harness/gateway-process.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A password that has to be escaped in a URL. */
const password = "hunter2/of:@Sluice";
const redisUrl = (port: string | number): string =>
  `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`;

/** What a gateway prints that is expected to end at its start. */
async function outputOf(env: Readonly<Record<string, string>>): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, ["apps/gateway/src/main.ts"], {
    cwd: root,
    env: { PATH: process.env["PATH"], HOST: "127.0.0.1", PORT: "0", LOG_LEVEL: "trace", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new TypeError("expected pipes");
  const closed = once(child, "close");
  const printed = (await Promise.all([text(stdout), text(stderr)])).join("");
  await closed;
  expect(child.exitCode).toBe(1);
  expect(printed).toContain("Sluice cannot start:");
  return printed;
}

// each waits, and works little: side by side
describe.concurrent("a start that cannot be tells no secret", () => {
  test.each([
    `redis:hunter2@host`,
    `redis//:hunter2@host`,
    `reds://user:hunter2@host:6379`,
    `redis://user:hunter2`,
    `redis://:p@ss/hunter2@host`,
    `reds://host?password=hunter2`,
  ])("of REDIS_URL=%s", async (bad) => {
    const port = "not a port, so that no start can be";
    const printed = await outputOf({
      REDIS_URL: bad,
      AUTH_JWKS_URL: bad,
      AUTH_PUBLIC_KEY: "hunter2",
      PORT: port,
    });
    expect(printed).not.toContain("hunter2");
  });

  test("where Redis refuses the password", async ({ onTestFinished }) => {
    const server = await startRedisServer(undefined, ["--requirepass", "another"]);
    onTestFinished(() => server.close());
    const printed = await outputOf({
      REDIS_URL: redisUrl(new URL(server.url).port),
      AUTH_SECRET: testSecret,
    });
    expect(printed).toMatch(/REDIS_URL: .*(WRONGPASS|NOAUTH)/);
    expectNone(printed, [password, encodeURIComponent(password), testSecret]);
  }, 30_000);

  test("where a server that is no Redis repeats the password", async ({ onTestFinished }) => {
    const parrot = await startParrot();
    onTestFinished(parrot.close);
    const printed = await outputOf({ REDIS_URL: redisUrl(parrot.port), AUTH_SECRET: testSecret });
    expect(printed).toContain("WRONGPASS nobody has the password …");
    expectNone(printed, [password, encodeURIComponent(password)]);
  }, 30_000);
});

/** A server that answers every command with an error that repeats the password; until it is told to, what a Redis answers. */
async function startParrot(redisPort?: number) {
  let repeats = redisPort === undefined;
  const server = createServer((client) => {
    const redis = redisPort === undefined ? undefined : connect(redisPort, "127.0.0.1");
    client.on("data", (chunk) => {
      const commands = chunk.toString().match(/^\*/gm)?.length ?? 0;
      if (repeats) client.write(`-WRONGPASS nobody has the password ${password}\r\n`.repeat(commands));
      else redis?.write(chunk);
    });
    redis?.on("data", (chunk) => client.write(chunk));
    for (const end of [client, redis]) end?.on("error", () => end.destroy());
    client.on("close", () => redis?.destroy());
    redis?.on("close", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { port, repeat: () => void (repeats = true), close: () => void server.close() };
}

function expectNone(printed: string, secrets: readonly string[]): void {
  expect(secrets.filter((secret) => printed.includes(secret))).toEqual([]);
}

describe("a run at the level trace", () => {
  let server: Awaited<ReturnType<typeof startRedisServer>>;
  let redis: Redis;
  let parrot: Awaited<ReturnType<typeof startParrot>>;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    server = await startRedisServer(undefined, ["--requirepass", password]);
    redis = new Redis(server.url, { password });
    parrot = await startParrot(Number(new URL(server.url).port));
    gateway = await startGateway({
      REDIS_URL: redisUrl(parrot.port),
      COLLECTIONS_FILE: demoCollectionsFile,
      LOG_LEVEL: "trace",
    });
  });
  afterAll(async () => {
    await gateway.kill();
    redis.disconnect();
    parrot.close();
    await server.close();
  });

  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${gateway.url}${path}`, { redirect: "manual", ...init });
  const lines = (): readonly Readonly<Record<string, unknown>>[] =>
    gateway
      .output()
      .split("\n")
      .filter((line) => line !== "")
      .map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
  const lineOf = (requestId: string | null): Readonly<Record<string, unknown>> | undefined =>
    lines().find((line) => line["requestId"] === requestId);

  test("an answer carries the request's id, and the line about it does", async () => {
    const answer = await call("/nowhere?token=hunter3", { headers: { "X-Request-Id": "edge-1=a_B" } });
    expect(answer.headers.get("X-Request-Id")).toBe("edge-1=a_B");
    await waitUntil(() => lineOf("edge-1=a_B") !== undefined, "the line");
    expect(lineOf("edge-1=a_B")).toMatchObject({
      method: "GET",
      path: "/nowhere",
      status: 404,
      msg: "answered",
    });
  });

  test.each(["", "two words", "x".repeat(101), 'a"b', "a/b"])(
    "an id that is not plain, %j, is not taken",
    async (id) => {
      const answer = await call("/nowhere", { headers: { "X-Request-Id": id } });
      const made = answer.headers.get("X-Request-Id");
      expect(made).toMatch(/^[0-9a-f-]{36}$/);
      await waitUntil(() => lineOf(made) !== undefined, "the line");
    },
  );

  test("a stream has its client's id instead, and one line has both", async () => {
    const stream = await SseReader.open(gateway.url, { "X-Request-Id": "stream-1" });
    expect(stream.headers["x-request-id"]).toBeUndefined();
    await waitUntil(() => lines().some(({ msg }) => msg === "a stream was opened"), "the line");
    const opened = lines().find(({ msg }) => msg === "a stream was opened");
    expect(opened).toMatchObject({ requestId: "stream-1", clientId: stream.clientId });
    stream.close();
    await waitUntil(() => lines().some(({ msg }) => msg === "a stream has ended"), "the line of its end");
  });

  test("no line has a token, a secret, a password, a query, a body or a record, whatever goes wrong", async () => {
    const [token, superuserToken] = [await signToken("u1"), await signSuperuserToken()];
    const secrets = ["hunter3", "c0de", "Sub5cribed", "Rec0rded", "N0dely", "B0dy"];
    const stream = await SseReader.open(gateway.url, { Authorization: token });
    const options = encodeURIComponent(JSON.stringify({ headers: { Authorization: "Sub5cribed" } }));
    await postSubscriptions(gateway.url, stream.clientId, [`posts/*?options=${options}`, "@oauth2"], token);
    await call(`/api/oauth2-redirect?state=unknown&code=c0de`);
    const json = { "Content-Type": "application/json" };
    const publish = (body: string, authorization: string): Promise<Response> =>
      call("/api/realtime/publish", {
        method: "POST",
        headers: { ...json, Authorization: authorization },
        body,
      });
    await publish('{"B0dy"', superuserToken);
    await publish("{}", "hunter3");
    await publish('{"topic":"news","data":"Rec0rded"}', superuserToken);
    await call("/api/realtime?token=hunter3", { method: "POST", headers: json, body: '{"clientId":"B0dy"}' });
    for (const event of [
      '{"action":"create","record":{"id":5,"note":"Rec0rded"}}',
      '{"Rec0rded',
      '"Rec0rded"',
    ]) {
      await redis.xadd("rt:log", "*", "event", event);
    }
    await redis.publish("rt:message", '{"topic":5,"data":"Rec0rded"}');
    const [nodeChannel = ""] = await redis.keys("rt:node:*");
    await redis.publish(nodeChannel, '{"N0dely":"Rec0rded"}');
    // a command that Redis refuses, with its arguments
    await redis.rename("rt:log", "rt:kept");
    await redis.set("rt:log", "Rec0rded");
    await waitUntil(() => gateway.output().includes("WRONGTYPE"), "a fault");
    await redis.del("rt:log");
    parrot.repeat();
    const headers = { ...json, Authorization: superuserToken, "X-Request-Id": "refused-1" };
    const body = '{"topic":"news","data":"Rec0rded"}';
    const refused = await call("/api/realtime/publish", { method: "POST", headers, body });
    expect([refused.status, refused.headers.get("X-Request-Id")]).toEqual([503, "refused-1"]);
    const told = () => lines().find(({ msg }) => msg === "requests failed: no backplane");
    await waitUntil(() => told() !== undefined, "the line of the error");
    expect(told()).toMatchObject({
      requestId: "refused-1",
      path: "/api/realtime/publish",
      err: {
        type: "BackplaneError",
        code: "unavailable",
        message: expect.stringMatching(/has the password …/),
      },
    });
    // the password is changed, and all have to come back with it
    await redis.config("SET", "requirepass", "another");
    await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
    await waitUntil(() => gateway.output().includes("Redis is lost"), "the loss to be noticed");
    expect((await publish(body, superuserToken)).status).toBe(503);
    expect(lines().length).toBeGreaterThan(15);
    expectNone(gateway.output(), [
      ...secrets,
      '"args"',
      password,
      encodeURIComponent(password),
      testSecret,
      token,
      superuserToken,
    ]);
    stream.close();
  });
});
