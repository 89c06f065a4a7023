import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { describe, expect, inject, test } from "vitest";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { hasCommand, installDebianPackage } from "../harness/debian-package.ts";
import { freePort } from "../harness/free-port.ts";
import { type GatewayEnvironment, startGateway } from "../harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { postSubscriptions, publish } from "../harness/realtime-client.ts";
import { documentedRules, putUser } from "../harness/redis-users.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { signSuperuserToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Starts a gateway that is expected to end at its start. */
function startBadly(env: GatewayEnvironment): { exitCode: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["apps/gateway/src/main.ts"], {
    cwd: root,
    env: { PATH: process.env["PATH"], HOST: "127.0.0.1", PORT: "0", ...env },
    encoding: "utf8",
    timeout: 30_000,
  });
  return { exitCode: status, stdout, stderr };
}

describe("a start that cannot be ends with one readable message", () => {
  test("naming each bad setting", () => {
    const { exitCode, stdout, stderr } = startBadly({
      PORT: "80x",
      REDIS_URL: "localhost",
      LOG_LEVEL: "loud",
    });
    expect(exitCode).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toBe(`Sluice cannot start:
  PORT: expected a whole number, from 0 to 65535, got "80x"
  REDIS_URL: expected a URL beginning with redis://, redis+sentinel:// or redis+cluster:// (rediss for TLS), got "localhost"
  LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, got "loud"
`);
  });

  test("saying that Redis is not there", () => {
    const { exitCode, stderr } = startBadly({ REDIS_URL: "redis://127.0.0.1:1" });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^Sluice cannot start:\n {2}REDIS_URL: Redis cannot be reached: .*ECONNREFUSED.*\n$/,
    );
  });

  test("saying which permission the user of Redis lacks", async () => {
    const server = await startRedisServer();
    const redis = new Redis(server.url);
    await putUser(
      redis,
      "nodes",
      documentedRules("nodes").filter((rule) => rule !== "+xread"),
    );
    redis.disconnect();
    const { exitCode, stderr } = startBadly({
      REDIS_URL: server.url.replace("//", "//nodes:password@"),
    });
    await server.close();
    expect(exitCode).toBe(1);
    expect(stderr).toBe("Sluice cannot start:\n  REDIS_URL: the user nodes lacks +xread\n");
  });

  test("saying that the collections file is not there", () => {
    const { stderr } = startBadly({ COLLECTIONS_FILE: "/nowhere.json" });
    expect(stderr).toMatch(/^Sluice cannot start:\n {2}COLLECTIONS_FILE: \/nowhere\.json: ENOENT.*\n$/);
  });

  test("saying what is wrong in the collections file", () => {
    const file = temporaryFile('[{"name":"posts","listRule":5,"fields":[{}]}]');
    const { stderr } = startBadly({ COLLECTIONS_FILE: file });
    expect(stderr).toBe(`Sluice cannot start:
  COLLECTIONS_FILE: ${file}: [0] "posts".listRule: expected a string or null, got a number
  COLLECTIONS_FILE: ${file}: [0] "posts".fields[0]: expected an object with name and type, got an object
`);
  });

  test("saying that the port is taken", async () => {
    const gateway = await startGateway();
    const { stderr } = startBadly({ PORT: new URL(gateway.url).port });
    expect(stderr).toMatch(
      /^Sluice cannot start:\n {2}HOST, PORT: expected an address to listen on, .*EADDRINUSE.* set another PORT\n$/,
    );
    await gateway.kill();
  });

  test.each([
    ["the port is taken", {}, /HOST, PORT: .*EADDRINUSE/],
    [
      "the collections file is not there",
      { COLLECTIONS_FILE: "/nowhere.json" },
      /COLLECTIONS_FILE: .*ENOENT/,
    ],
  ])("once for all workers, where %s", async (_what, env, problem) => {
    const gateway = await startGateway();
    const { port } = new URL(gateway.url);
    const redis = { REDIS_URL: inject("redisUrl"), KEY_PREFIX: uniqueKeyPrefix(), LOG_LEVEL: "error" };
    const { exitCode, stdout, stderr } = startBadly({ ...redis, PORT: port, WORKERS: "3", ...env });
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^Sluice cannot start:\n {2}.*\n$/);
    expect(stderr).toMatch(problem);
    await gateway.kill();
  });
});

test("what is risky about Redis is a warning, what could not be looked at is told in detail only", async () => {
  const server = await startRedisServer();
  const redis = new Redis(server.url);
  await putUser(redis, "nodes", documentedRules("nodes"));
  await redis.config("SET", "maxmemory-policy", "allkeys-lru");
  redis.disconnect();
  const gateway = await startGateway({
    REDIS_URL: server.url.replace("//", "//nodes:password@"),
    LOG_LEVEL: "debug",
  });
  await gateway.kill();
  await server.close();
  const lines = gateway
    .output()
    .split("\n")
    .filter((line) => line.includes("Redis: "));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      level: 40,
      msg: expect.stringMatching(/^Redis: expected maxmemory-policy noeviction, got allkeys-lru/),
    },
    { level: 20, msg: expect.stringMatching(/^Redis: client-output-buffer-limit could not be looked at/) },
  ]);
});

function temporaryFile(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "sluice-")), "collections.json");
  writeFileSync(file, text);
  return file;
}

/** The commands of the welcome, whole: a line that ends in a backslash goes on. */
function pastableLines(output: string): readonly string[] {
  return output
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => /^(?:curl |last=)/.test(line));
}

test("the lines that a start without settings prints open a stream, subscribe it, show an event and one that was missed", async () => {
  expect(hasCommand("curl") || installDebianPackage("curl", "curl")).toBe(true);
  const port = await freePort();
  const child = spawn("npm", ["start"], {
    cwd: root,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], PORT: String(port) },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const started = collect(child);
  await waitUntil(() => pastableLines(started()).length === 4, "four commands to paste", 20_000);
  const [open = "", subscribe = "", send = "", openAgain = ""] = pastableLines(started());
  const shell = inTerminal(open);
  const stream = collect(shell);
  await waitUntil(() => stream().includes("\n\n"), "PB_CONNECT in the terminal");
  expect(paste(subscribe)).toMatch(/^HTTP\/1\.1 204 /);
  expect(paste(send)).toMatch(/^HTTP\/1\.1 200 /);
  await waitUntil(() => stream().includes("event:posts/*\n"), "the event in the terminal");
  expect(stream()).toContain('"title":"Hello"');
  process.kill(-(shell.pid ?? 0), "SIGKILL");
  expect(paste(send)).toMatch(/^HTTP\/1\.1 200 /);
  const second = inTerminal(openAgain);
  const resumed = collect(second);
  await waitUntil(() => resumed().includes("event:@cursor\n"), "PB_CONNECT in the terminal");
  expect(paste(subscribe)).toMatch(/^HTTP\/1\.1 204 /);
  await waitUntil(() => resumed().includes('{"resumed":true,"replayed":1}'), "@resume in the terminal");
  expect(resumed()).toContain('"title":"Hello"');
  for (const { pid } of [second, child]) process.kill(-(pid ?? 0), "SIGKILL");
});

function inTerminal(command: string): ChildProcess {
  return spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "ignore"], detached: true });
}

function collect(child: ChildProcess): () => string {
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return () => output;
}

function paste(command: string): string {
  return spawnSync("bash", ["-c", command], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
    .stdout;
}

describe("SIGTERM", () => {
  test("ends the streams politely and exits with 0", async () => {
    const gateway = await startGateway({ DRAIN_SECONDS: "1" });
    const stream = await SseReader.open(gateway.url);
    await postSubscriptions(gateway.url, stream.clientId, ["posts/*"]);
    const readiness = (): Promise<Response> => fetch(`${gateway.url}/readyz`);
    expect((await readiness()).headers.get("Connection")).toBe("keep-alive");
    const exit = gateway.stop();
    await waitUntil(async () => (await readiness()).status === 503, "the node to be unready");
    expect((await readiness()).headers.get("Connection")).toBe("close");
    expect((await SseReader.openRaw(gateway.url)).status).toBe(503);
    await stream.waitForEnd();
    expect(stream.raw).toMatch(/\n\n$/);
    expect(await exit).toBe(0);
  });

  test("leaves nothing of the node in Redis", async () => {
    const prefix = uniqueKeyPrefix();
    const gateway = await startGateway({
      REDIS_URL: inject("redisUrl"),
      KEY_PREFIX: prefix,
      // its load is told many times by then
      SHED_SECONDS: "1",
    });
    const stream = await SseReader.open(gateway.url);
    await postSubscriptions(gateway.url, stream.clientId, ["posts/*"]);
    expect(await gateway.stop()).toBe(0);
    const redis = new Redis(inject("redisUrl"));
    expect(await redis.keys(`${prefix}*`)).toEqual(
      expect.not.arrayContaining([expect.stringMatching("node|client|loads")]),
    );
    redis.disconnect();
  });

  test("sent twice exits at once", async () => {
    const gateway = await startGateway({ DRAIN_SECONDS: "60" });
    const stream = await SseReader.open(gateway.url);
    const exit = once(gateway.process, "exit");
    gateway.process.kill("SIGTERM");
    await waitUntil(() => gateway.output().includes("draining"), "the drain to begin");
    gateway.process.kill("SIGTERM");
    expect(await exit).toEqual([1, null]);
    await stream.waitForEnd();
  });
});

test("a collections file is followed, and a bad one keeps the old collections", async () => {
  const file = temporaryFile("[]");
  const gateway = await startGateway({ COLLECTIONS_FILE: file });
  const superuser = await signSuperuserToken();
  const stream = await SseReader.open(gateway.url);
  await postSubscriptions(gateway.url, stream.clientId, ["posts/*"]);
  const isHeard = async (id: string): Promise<boolean> => {
    const event = { collection: "posts", action: "create", record: { id } };
    await publish(gateway.url, [event, { topic: "posts/*", data: id }], superuser);
    await stream.waitFor(({ data }) => data === JSON.stringify(id), "the marker behind the event");
    return stream.events().some(({ data }) => data?.includes(`"id":"${id}"`) ?? false);
  };
  expect(await isHeard("before")).toBe(false);
  copyFileSync(demoCollectionsFile, file);
  await waitUntil(() => gateway.output().includes('"collections":["posts"'), "the new collections", 10_000);
  expect(await isHeard("loaded")).toBe(true);
  writeFileSync(file, "[{]");
  await waitUntil(() => gateway.output().includes("bad collections"), "a line about the bad file", 10_000);
  expect(await isHeard("kept")).toBe(true);
  stream.close();
  await gateway.kill();
});
