import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBreakableProxy } from "../harness/breakable-proxy.ts";
import { hasCommand, installDebianPackage } from "../harness/debian-package.ts";
import { postSubscriptions, publish } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { signToken } from "../harness/tokens.ts";
import { run } from "./command.ts";
import { blocksIn, readPage } from "./document.ts";
import { type Stage, startStage } from "./stage.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Where a program finds the packages of this checkout. */
const cache = join(root, "node_modules/.cache/writers");
const writing = readPage("write-events.md");
const receiving = readPage("receive-events.md");

/** Commands of the pages, and Debian's packages that have them. */
const needed = [
  ["curl", "curl"],
  ["redis-cli", "redis-tools"],
] as const;

let stage: Stage;
let programs: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  stage = await startStage();
  mkdirSync(cache, { recursive: true });
  programs = mkdtempSync(join(cache, "pages-"));
  for (const [command, name] of needed) {
    if (!hasCommand(command) && !installDebianPackage(name, command)) {
      throw new Error(
        `the pages' commands need ${command}, and apt-get install ${name} (as root) did not bring it`,
      );
    }
  }
}, 120_000);
afterAll(async () => {
  for (const child of children) child.kill();
  await stage.close();
  rmSync(programs, { recursive: true });
});

function log(event: unknown): Promise<string | null> {
  return stage.redis.xadd("rt:log", "*", "event", JSON.stringify(event));
}

describe("docs/write-events.md", () => {
  test("what its commands publish arrives", async () => {
    const stream = await SseReader.open(stage.url);
    const topics = ["posts/*", "typing", "news"];
    await postSubscriptions(stage.url, stream.clientId, topics, await signToken("ann"));
    for (const block of blocksIn(writing, "sh")) {
      expect(await run(["sh", "-ec", block], root, stage.env)).toMatchObject({ succeeded: true });
    }
    await stream.waitForCount(8);
    const told = (logged: boolean): readonly unknown[] =>
      stream
        .events()
        .filter(({ id }) => (id !== undefined) === logged)
        .map(({ event, data = "" }) => {
          const value = JSON.parse(data);
          return event === "posts/*" ? [event, value.action, value.record.title] : [event, value];
        });
    expect(told(true)).toEqual([
      ["posts/*", "create", "Hello"],
      ["posts/*", "delete", "Hello"],
      ["news", "gone"],
      ["posts/*", "update", "New"],
      ["posts/*", "update", "New"],
      ["news", { title: "For who is signed in" }],
    ]);
    expect(told(false)).toEqual([
      ["posts/*", "update", "Typing"],
      ["typing", { who: "ann" }],
    ]);
    stream.close();
  });

  test("its outbox holds the event of the transaction until it is deleted", () => {
    const database = new DatabaseSync(":memory:");
    database.exec("CREATE TABLE posts (id TEXT, title TEXT); INSERT INTO posts VALUES ('p1', 'Old')");
    const [writes = "", reads = ""] = blocksIn(writing, "sql");
    const [select = "", remove = ""] = reads.trim().split("\n");
    database.exec(writes);
    const [row] = database.prepare(select).all();
    expect(JSON.parse(String(row?.["event"]))).toMatchObject({ record: { id: "p1", title: "New" } });
    database.exec(remove);
    expect(database.prepare(select).all()).toEqual([]);
    database.close();
  });
});

/** What the page says that Node needs. */
const nodesEventSource = 'globalThis.EventSource = (await import("eventsource")).EventSource';

/** Runs a program of a page as a module of this checkout. */
function start(program: string, url: string, env: Readonly<Record<string, string>> = {}): () => string {
  const own = mkdtempSync(join(programs, "program-"));
  // an EventSource that waits to come back does not keep Node alive
  writeFileSync(join(own, "before.mjs"), `${nodesEventSource};\nsetInterval(() => undefined, 60_000);\n`);
  writeFileSync(join(own, "program.mjs"), program.replaceAll("http://127.0.0.1:8080", url));
  const args = ["--import", join(own, "before.mjs"), join(own, "program.mjs")];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env } });
  children.push(child);
  let output = "";
  const collect = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  return () => output;
}

const patience = { timeout: 20_000, interval: 200 };

/** What a program has said behind one more event: nobody tells when it has subscribed. */
function publishing(event: unknown, output: () => string): () => Promise<string> {
  return async () => {
    await log(event);
    return output();
  };
}

const hello = { collection: "posts", action: "create", record: { id: "p1", title: "Hello" } };

describe("docs/receive-events.md", () => {
  const [plain = "", options = "", signedIn = "", custom = "", resuming = "", native = "", ...more] =
    blocksIn(receiving, "js");

  test("all its programs are run here", () => {
    expect(native).not.toBe("");
    expect(more).toEqual([]);
    expect(receiving).toContain(nodesEventSource);
  });

  test("the SDK hears a collection", async () => {
    await expect.poll(publishing(hello, start(plain, stage.url)), patience).toContain("create Hello\n");
  });

  test("options filter, pick, and tell of what has left", async () => {
    const output = start(options, stage.url);
    const record = { id: "p1", title: "New", published: true };
    const shown = { collection: "posts", action: "update", record };
    await expect.poll(publishing(shown, output), patience).toContain('update {"id":"p1","title":"New"}\n');
    await log({ ...shown, record: { ...record, published: false }, before: record });
    await expect.poll(output, patience).toContain('leave {"id":"p1"}\n');
    expect(output()).not.toContain("create");
  });

  test("who is signed in hears what is not for guests", async () => {
    const audit = { collection: "audits", action: "create", record: { id: "a1" } };
    const output = start(signedIn, stage.url, { USER_TOKEN: await signToken("ann") });
    await expect.poll(publishing(audit, output), patience).toContain("seen a1\n");
  });

  test("a message comes under its topic", async () => {
    const message = { topic: "news", data: { title: "Hello" } };
    await expect.poll(publishing(message, start(custom, stage.url)), patience).toContain("Hello\n");
  });

  test.each([
    ["the SDK without gaps", resuming],
    ["a native EventSource", native],
  ])("%s is told after a cut that nothing is missing", async (_who, program) => {
    const proxy = await startBreakableProxy(Number(new URL(stage.url).port));
    const output = start(program, `http://127.0.0.1:${proxy.port}`);
    await expect.poll(publishing(hello, output), patience).toContain("Hello\n");
    proxy.cut();
    await expect.poll(output, patience).toContain("resumed true\n");
    await proxy.close();
  });

  test("its commands resume a stream by its cursor", async () => {
    const cursor = await log(hello);
    await publish(stage.url, { ...hello, action: "delete" }, stage.env.SLUICE_TOKEN);
    const [block = ""] = blocksIn(receiving, "sh");
    const wait = "until grep -q '^event:@resume' stream.txt; do sleep 0.1; done\ncat stream.txt\nkill $!\n";
    const folder = mkdtempSync(join(programs, "stream-"));
    const { output } = await run(["sh", "-ec", block + wait], folder, { ...stage.env, CURSOR: cursor ?? "" });
    expect(output).toMatch(/"action":"delete"\}\n(?:.*\n)*data:\{"resumed":true,"replayed":1\}/);
  });
});
