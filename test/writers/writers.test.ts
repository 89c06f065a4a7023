import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendScript } from "@sluice/protocol";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sdks } from "../harness/sdk.ts";
import { startRedisServer, type TestRedis } from "../harness/test-redis.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type Command, type Outcome, run } from "./command.ts";
import { blocksIn, readPage, sectionsOf } from "./document.ts";
import { type Language, languages, type Prepared } from "./languages.ts";
import { type Stage, startStage } from "./stage.ts";

const appendLua = new URL("../../docs/writers/append.lua", import.meta.url);
const sections = sectionsOf(readPage("writers/README.md"));

interface Heard {
  readonly collection: string;
  readonly action: string;
  readonly record: Readonly<Record<string, unknown>>;
}

let stage: Stage;
let refusingRedis: TestRedis;
let folder: string;
const heard: Heard[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-writers-"));
  [stage, refusingRedis] = await Promise.all([startStage(), startRedisServer()]);
  const refusing = new Redis(refusingRedis.url);
  await refusing.set("rt:log", "no stream");
  refusing.disconnect();
  const client = sdks[0]?.create(stage.url);
  for (const collection of ["posts", "members"]) {
    await client
      ?.collection(collection)
      .subscribe("*", ({ action, record }) => heard.push({ collection, action, record }));
  }
});

afterAll(async () => {
  await Promise.all([stage.close(), refusingRedis.close()]);
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
  return run(command, cwd, { ...stage.env, ...env });
}

/** A language's programs in a folder of their own, or what is not on this machine. */
function prepareIn(own: string, { name, fence, prepare }: Language): Promise<Prepared> {
  copyFileSync(appendLua, join(own, "append.lua"));
  return prepare(own, blocksIn(sections.get(name) ?? "", fence));
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
      const row = await stage.redis.hget("rt:records:members", id);
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
  expect([...sections.keys()].slice(1)).toEqual(languages.map(({ name }) => name));
});

test("append.lua is the script that our own writers call", () => {
  expect(readFileSync(appendLua, "utf8")).toBe(appendScript);
});
