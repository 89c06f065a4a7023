import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { publish } from "../harness/realtime-client.ts";
import { type SdkClient, sdks } from "../harness/sdk.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { ComposeStage, drainSeconds } from "./compose-stage.ts";
import { docker } from "./docker.ts";

const limitMs = 60_000;

/** What the image may add to the one it is made from, which has 230 MB: 300 MB together. */
const ownBytes = 70_000_000;

let stage: ComposeStage;
beforeAll(async () => {
  stage = await ComposeStage.up();
}, 600_000);
afterAll(async () => void (await stage.down()));

/** Runs a command in the container of a node. */
async function inside(...command: readonly string[]): Promise<string> {
  const [node = ""] = await stage.nodes();
  return docker("exec", node, ...command);
}

/** An SDK that has subscribed to all posts through the balancer, and the ids that it has heard. */
async function listen(
  index: number,
): Promise<{ readonly client: SdkClient; readonly heard: ReadonlySet<unknown> }> {
  const sdk = sdks[index % sdks.length];
  if (sdk === undefined) throw new TypeError("expected an SDK");
  const client = sdk.create(stage.url);
  client.authStore.save(await signToken(`user${index}`));
  const heard = new Set<unknown>();
  await client.collection("posts").subscribe("*", ({ record }) => heard.add(record["id"]));
  return { client, heard };
}

async function bytesOf(image: string): Promise<number> {
  return Number(await docker("image", "inspect", "-f", "{{.Size}}", image));
}

test("the image is small and has no development dependencies, tests or secrets", async () => {
  expect((await bytesOf("sluice")) - (await bytesOf("node:24-bookworm-slim"))).toBeLessThan(ownBytes);
  const installed = await docker("run", "--rm", "sluice", "sh", "-c", "cd node_modules && ls -d * @*/*");
  const names = installed.split("\n");
  expect(names).toContain("hono");
  // parts of gateway, commands or bridge, whatever else they are
  const parts = new Set(["@opentelemetry/api", "eventsource", "ioredis", "jose"]);
  const tools = new Set(Object.keys(manifest.devDependencies).filter((name) => !parts.has(name)));
  expect(names.filter((name) => tools.has(name))).toEqual([]);
  const find =
    "find . -path ./node_modules -prune -o ( -name *.test.ts -o -name .env* -o -name .npmrc ) -print";
  expect(await docker("run", "--rm", "sluice", ...find.split(" "))).toBe("");
  expect(await docker("image", "inspect", "-f", "{{json .Config.Env}}", "sluice")).not.toMatch(
    /secret|token|password/i,
  );
});

test("a node runs as process 1, without root, and can write nothing", async () => {
  expect(await inside("id", "-u")).toBe("1000");
  expect(await inside("sh", "-c", "tr '\\0' ' ' </proc/1/cmdline")).toBe(manifest.scripts.start);
  await expect(inside("touch", "/sluice/file")).rejects.toThrow("Read-only file system");
  await expect(inside("touch", "/tmp/file")).rejects.toThrow("Read-only file system");
});

test("the commands, the bridge and the console are in the image", async () => {
  expect(await inside("node", "apps/cli/src/main.ts", "seed", "--help")).toContain("--collection <name>");
  expect(await inside("sh", "-c", "node apps/bridge/src/main.ts 2>&1 || true")).toContain("PB_URL: expected");
  expect(await inside("cat", "apps/console/dist/index.html")).toContain("/console/assets/");
});

test("P2: SDKs on all nodes hear what redis-cli writes", async () => {
  const listeners = await Promise.all(Array.from({ length: 6 }, (_, index) => listen(index)));
  for (const node of await stage.nodes()) expect(await stage.streamsOf(node)).toBeGreaterThan(0);
  const event = { collection: "posts", action: "create", record: { id: "written", title: "Hello" } };
  const xadd = ["redis-cli", "XADD", "rt:log", "*", "event", JSON.stringify(event)];
  await stage.compose("exec", "-T", "redis", ...xadd);
  await waitUntil(() => listeners.every(({ heard }) => heard.has("written")), "the event", limitMs);
  for (const { client } of listeners) await client.realtime.unsubscribe();
});

async function restartAll(): Promise<void> {
  for (const node of await stage.nodes()) {
    const { exitCode, seconds } = await stage.restart(node);
    expect(exitCode).toBe(0);
    expect(seconds).toBeLessThan(drainSeconds + 5);
  }
}

test("P5: all nodes are restarted, and no SDK loses an event that was published meanwhile", async () => {
  const listeners = await Promise.all(Array.from({ length: 30 }, (_, index) => listen(index)));
  const token = await signSuperuserToken();
  const written: string[] = [];
  const state = { isDone: false };
  const write = async (): Promise<void> => {
    while (!state.isDone) {
      const id = `p${written.length}`;
      const event = { collection: "posts", action: "create", record: { id, title: "Hello" } };
      const { status, text } = await publish(stage.url, event, token);
      if (status !== 200) throw new Error(`publishing ${id}: expected 200, got ${status} ${text}`);
      written.push(id);
      await delay(20);
    }
  };
  await Promise.all([write(), restartAll().finally(() => (state.isDone = true))]);
  expect(written.length).toBeGreaterThan(50);
  const missing = (): readonly string[] =>
    written.filter((id) => listeners.some(({ heard }) => !heard.has(id)));
  await waitUntil(() => missing().length === 0, "everybody to have everything", limitMs).catch(
    () => undefined,
  );
  expect(missing()).toEqual([]);
  expect(listeners.filter(({ client }) => !client.realtime.isConnected)).toEqual([]);
  for (const { client } of listeners) await client.realtime.unsubscribe();
});

async function healthOf(node: string): Promise<string> {
  return docker("inspect", "-f", "{{.State.Health.Status}}", node);
}

test("nodes that were restarted are healthy, and get streams again", async () => {
  const nodes = await stage.nodes();
  const readers: SseReader[] = [];
  for (const node of nodes) {
    const hasStreams = async (): Promise<boolean> => {
      readers.push(await SseReader.open(stage.url));
      return (await stage.streamsOf(node)) > 0;
    };
    await waitUntil(hasStreams, "a node to get a stream", limitMs);
    await waitUntil(async () => (await healthOf(node)) !== "starting", "a node's health check", limitMs);
    expect(await healthOf(node)).toBe("healthy");
  }
  for (const reader of readers) reader.close();
});

test("docker compose down leaves nothing", async () => {
  expect(await stage.down()).toEqual([]);
});
