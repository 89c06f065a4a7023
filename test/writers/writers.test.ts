import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendScript } from "@sluice/protocol";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FollowedWriter } from "../harness/followed-writer.ts";
import { type GatewayProcess, startGateway, testSecret } from "../harness/gateway-process.ts";
import { sdks } from "../harness/sdk.ts";
import { startRedisServer, type TestRedis } from "../harness/test-redis.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type Command, type Outcome, run } from "./command.ts";
import { blocksUnder, documentedLanguages } from "./document.ts";
import { type Language, languages, type Prepared } from "./languages.ts";

const appendLua = new URL("../../docs/writers/append.lua", import.meta.url);

const field = (name: string): unknown => ({ name, type: "text" });

const collections = [
  { name: "posts", listRule: "", viewRule: "", fields: [field("id"), field("title")] },
  { name: "members", follow: true, listRule: "", fields: [field("id"), field("room"), field("name")] },
];

interface Heard {
  readonly collection: string;
  readonly action: string;
  readonly record: Readonly<Record<string, unknown>>;
}

let redisServer: TestRedis;
let refusingRedis: TestRedis;
let redis: Redis;
let gateway: GatewayProcess;
let folder: string;
let token: string;
const heard: Heard[] = [];
const sdk = sdks[0];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-writers-"));
  // the programs have the prefix that a deployment has
  [redisServer, refusingRedis] = await Promise.all([startRedisServer(), startRedisServer()]);
  const refusing = new Redis(refusingRedis.url);
  await refusing.set("rt:log", "no stream");
  refusing.disconnect();
  redis = new Redis(redisServer.url);
  const writer = new FollowedWriter(redis, "rt:");
  await writer.collections(collections);
  await writer.seed("members", []);
  gateway = await startGateway({ REDIS_URL: redisServer.url });
  const [signing = ""] = blocksUnder("", "sh");
  token = (await run(["sh", "-ec", signing], folder, { AUTH_SECRET: testSecret })).output.trim();
  const client = sdk?.create(gateway.url);
  for (const { name } of collections) {
    await client
      ?.collection(name)
      .subscribe("*", ({ action, record }) => heard.push({ collection: name, action, record }));
  }
});

afterAll(async () => {
  await gateway.kill();
  redis.disconnect();
  await Promise.all([redisServer.close(), refusingRedis.close()]);
  rmSync(folder, { recursive: true });
});

/** What one language's programs have brought, in order. */
function heardOf(id: string): readonly unknown[] {
  return heard
    .filter(({ record }) => record["id"] === id)
    .map(({ collection, action, record }) => [collection, action, record["title"] ?? record["name"]]);
}

/** How a program ends under an environment that is good but for what a test changes. */
function runProgram(
  command: Command | undefined,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  if (command === undefined) throw new TypeError("expected three programs for each language, got fewer");
  const good = { REDIS_URL: redisServer.url, SLUICE_URL: gateway.url, SLUICE_TOKEN: token };
  return run(command, cwd, { ...good, ...env });
}

/** A language's programs in a folder of their own, or what is not on this machine. */
function prepareIn(own: string, { name, fence, prepare }: Language): Promise<Prepared> {
  copyFileSync(appendLua, join(own, "append.lua"));
  return prepare(own, blocksUnder(name, fence));
}

describe.concurrent("the programs of docs/writers", () => {
  for (const language of languages) {
    const { name } = language;
    test(`${name} publishes through both doors, and fails where it is refused`, async ({ skip }) => {
      const id = name.toLowerCase();
      const own = mkdtempSync(join(folder, `${id}-`));
      const prepared = await prepareIn(own, language);
      if ("missing" in prepared) {
        process.stderr.write(
          `\nThe writers' programs in ${name} are not run: there is no ${prepared.missing}\n`,
        );
        return skip(`there is no ${prepared.missing}`);
      }
      const { commands, env = {} } = prepared;
      const [log, logAndRow, post] = commands;
      for (const command of [log, logAndRow, post]) {
        expect(await runProgram(command, own, env)).toMatchObject({ succeeded: true });
      }
      await waitUntil(() => heardOf(id).length >= 3, `three events from ${name} in an SDK`);
      expect(heardOf(id)).toEqual([
        ["posts", "create", `Hello from ${name}`],
        ["members", "create", `Hello from ${name}`],
        ["posts", "update", `Hello again from ${name}`],
      ]);
      const row = await redis.hget("rt:records:members", id);
      expect(JSON.parse(row ?? "null")).toEqual({ id, room: "r1", name: `Hello from ${name}` });

      const refusing = { ...env, REDIS_URL: refusingRedis.url };
      expect(await runProgram(log, own, refusing)).toMatchObject({ succeeded: false });
      expect(await runProgram(logAndRow, own, refusing)).toMatchObject({ succeeded: false });
      const asGuest = await runProgram(post, own, { ...env, SLUICE_TOKEN: "nobody's" });
      expect(asGuest).toMatchObject({ succeeded: false, output: expect.stringContaining("401") });
    });
  }
});

test("each language of the document is tried", () => {
  expect(documentedLanguages()).toEqual(languages.map(({ name }) => name));
});

test("append.lua is the script that our own writers call", () => {
  expect(readFileSync(appendLua, "utf8")).toBe(appendScript);
});
