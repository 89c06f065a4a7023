import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { Redis } from "ioredis";
import type PocketBase from "pocketbase-0.28";
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from "vitest";
import { startBreakableProxy } from "../harness/breakable-proxy.ts";
import { freePort } from "../harness/free-port.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { forward } from "../harness/round-robin-proxy.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type BridgeProcess, spawnBridge, startBridge } from "./bridge-process.ts";
import { type PocketBaseProcess, startPocketBase, superuser } from "./pocketbase-process.ts";
import { createUser, importCollections, signInSuperuser } from "./signed-in.ts";

const counters = {
  name: "counters",
  type: "base",
  fields: [
    { name: "n", type: "number" },
    { name: "secret", type: "text", hidden: true },
    { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
  ],
};

let pocketBase: PocketBaseProcess;
let root: PocketBase;
let redis: Redis;
let prefix: string;

beforeAll(async () => {
  pocketBase = await startPocketBase();
  root = await signInSuperuser(pocketBase.url);
  redis = new Redis(inject("redisUrl"));
});
afterAll(async () => {
  redis.disconnect();
  await pocketBase.close();
});
beforeEach(async () => {
  prefix = uniqueKeyPrefix();
  await importCollections(root, [counters]);
  await root.collections.truncate("counters");
});

async function start(more: Readonly<Record<string, string>> = {}): Promise<BridgeProcess> {
  const bridge = await startBridge({ ...login(), COLLECTION_SECONDS: "1", ...more });
  onTestFinished(bridge.kill);
  return bridge;
}

function login(): Readonly<Record<string, string>> {
  const { email, password } = superuser;
  return {
    PB_URL: pocketBase.url,
    PB_EMAIL: email,
    PB_PASSWORD: password,
    REDIS_URL: inject("redisUrl"),
    KEY_PREFIX: prefix,
  };
}

/** A PocketBase's front whose answers a test makes, with the paths that it was asked for. */
async function startProxy(
  answer: RequestListener,
): Promise<{ readonly url: string; readonly paths: readonly string[]; readonly cut: () => void }> {
  const paths: string[] = [];
  const server = createServer((incoming, outgoing) => {
    paths.push(incoming.url ?? "");
    answer(incoming, outgoing);
  });
  const cut = (): void => server.closeAllConnections();
  onTestFinished(() => {
    server.close();
    cut();
  });
  const port = await freePort();
  await once(server.listen(port, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${port}`, paths, cut };
}

/** Has a stream bring the frame with n = 1 behind that with n = 2. */
function swapFrames(outgoing: ServerResponse): void {
  const write = outgoing.write.bind(outgoing);
  let first: unknown;
  outgoing.write = (chunk: unknown): boolean => {
    const text = String(chunk);
    if (text.includes('"n":1,') && !text.includes('"n":2,')) {
      first = chunk;
      return true;
    }
    write(chunk);
    if (first !== undefined && text.includes('"n":2,')) write(first);
    return true;
  };
}

interface WrittenEvent {
  readonly action: string;
  readonly collection: string;
  readonly record: { readonly id: string; readonly n: number; readonly secret: string };
}

async function logged(from = redis): Promise<readonly WrittenEvent[]> {
  const entries = await from.xrange(`${prefix}log`, "-", "+");
  return entries.flatMap(([, [name, text = ""]]) => (name === "event" ? [JSON.parse(text)] : []));
}

async function kept(collection = "counters", from = redis): Promise<readonly unknown[]> {
  const { "@seeded": seeded, ...rows } = await from.hgetall(`${prefix}records:${collection}`);
  expect(seeded).toBeTypeOf("string");
  return Object.keys(rows)
    .toSorted()
    .map((id) => JSON.parse(rows[id] ?? ""));
}

function stored(collection = "counters"): Promise<readonly unknown[]> {
  return root.collection(collection).getFullList({ sort: "id" });
}

/** Whether the kept rows are PocketBase's. */
async function areSame(collection = "counters"): Promise<boolean> {
  return JSON.stringify(await kept(collection)) === JSON.stringify(await stored(collection));
}

function inStep(collection?: string): Promise<void> {
  return waitUntil(() => areSame(collection), "the kept rows to be PocketBase's", 10_000);
}

async function haveField(): Promise<boolean> {
  return JSON.stringify(await kept()).includes('"more":false');
}

const create = (n: number): Promise<{ readonly id: string }> =>
  root.collection("counters").create({ n, secret: `s${n}` });

test("collections and rows are there at the start, hidden fields and e-mail too, and no password", async () => {
  await Promise.all([create(1), create(2)]);
  await createUser(root, "ann");
  await start();
  expect(await kept()).toEqual(await stored());
  expect(JSON.stringify(await kept())).toContain('"secret":"s1"');
  const users = await kept("users");
  expect(users).toMatchObject([{ email: "ann@example.com" }]);
  expect(Object.keys(Object(users[0]))).not.toContain("password");
  const collection = JSON.parse((await redis.hget(`${prefix}collections`, "counters")) ?? "");
  expect(collection).toMatchObject({ name: "counters", type: "base", listRule: null });
  expect(await logged()).toEqual([]);
});

test("more rows than one page are all there", async () => {
  for (let round = 0; round < 21; round++) {
    const batch = root.createBatch();
    for (let n = 0; n < 50; n++) batch.collection("counters").create({ n: round * 50 + n });
    if (round === 0) await root.settings.update({ batch: { enabled: true, maxRequests: 50 } });
    await batch.send();
  }
  await start();
  expect(await kept()).toHaveLength(1_050);
});

test("P4, P5: what is written while the bridge starts is lost nowhere and goes back nowhere", async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, async () => (await create(0)).id));
  const over = new AbortController();
  const write = async (id: string): Promise<void> => {
    for (let n = 1; !over.signal.aborted; n++) await root.collection("counters").update(id, { n });
  };
  const writing = Promise.all(ids.map(write));
  const bridge = await start();
  await waitUntil(async () => (await logged()).length > 300, "writes after the start", 20_000);
  over.abort();
  await writing;
  await inStep();
  await bridge.stop();
  const last = new Map<string, number>();
  for (const { record } of await logged()) {
    // PocketBase tells some of it late, which is left out then; what is told never goes back
    expect(record.n).toBeGreaterThanOrEqual(last.get(record.id) ?? 0);
    last.set(record.id, record.n);
  }
  const rows = await root.collection("counters").getFullList();
  expect(rows.every(({ id, n }) => last.get(id) === n)).toBe(true);
});

test("P5: rows that do not say when they were written are right in the end all the same", async () => {
  const undated = { name: "undated", type: "base", fields: [{ name: "n", type: "number" }] };
  await importCollections(root, [undated]);
  onTestFinished(async () => void (await root.collections.delete("undated")));
  const ids = await Promise.all(
    Array.from({ length: 20 }, async () => (await root.collection("undated").create({ n: 0 })).id),
  );
  await start();
  const write = async (id: string): Promise<void> => {
    for (let n = 1; n <= 50; n++) await root.collection("undated").update(id, { n });
  };
  await Promise.all(ids.map(write));
  await inStep("undated");
  expect(await kept("undated")).toHaveLength(20);
});

test("P4: a field that says when rows were written counts as soon as it is there", async () => {
  const undated = { name: "undated", type: "base", fields: [{ name: "n", type: "number" }] };
  await importCollections(root, [undated]);
  onTestFinished(async () => void (await root.collections.delete("undated")));
  const { id } = await root.collection("undated").create({ n: 0 });
  const front = await startProxy((incoming, outgoing) => {
    if (incoming.method === "GET" && incoming.url === "/api/realtime") swapFrames(outgoing);
    forward(incoming, outgoing, pocketBase.url);
  });
  await start({ PB_URL: front.url });
  const updated = { name: "updated", type: "autodate", onCreate: true, onUpdate: true };
  await importCollections(root, [{ ...undated, fields: [...undated.fields, updated] }]);
  await waitUntil(
    async () => JSON.stringify(await kept("undated")).includes("updated"),
    "rows with the field",
    10_000,
  );
  for (const n of [1, 2, 3]) await root.collection("undated").update(id, { n });
  await waitUntil(async () => (await logged()).some(({ record }) => record.n === 3), "the last change");
  const order = (await logged()).map(({ record }) => record.n);
  expect(order).toEqual(order.toSorted((left, right) => left - right));
});

test("P5: what changed while the bridge was away is found and published", async () => {
  const [first, second, third] = [await create(1), await create(2), await create(3)];
  const bridge = await start();
  expect(await bridge.stop()).toBe(0);
  await root.collection("counters").update(first.id, { n: 10 });
  await root.collection("counters").delete(second.id);
  const fourth = await create(4);
  await start();
  const events = await logged();
  expect(new Set(events.map(({ action, record: { id, n } }) => `${action} ${id} ${n}`))).toEqual(
    new Set([`create ${fourth.id} 4`, `delete ${second.id} 2`, `update ${first.id} 10`]),
  );
  expect(events).toHaveLength(3);
  expect((await kept()).length).toBe(3);
  expect(JSON.stringify(await kept())).toContain(third.id);
});

test("P5: more changes than may wait are found and published", async () => {
  const bridge = await start();
  await bridge.stop();
  await Promise.all(Array.from({ length: 30 }, (_, n) => create(n)));
  await start({ MAX_WAITING_EVENTS: "10" });
  expect(await logged()).toHaveLength(30);
  expect(await areSame()).toBe(true);
});

test("P5: what changes while PocketBase starts again is found and published, once", async () => {
  const { id } = await create(1);
  const bridge = await start();
  for (let n = 2; n < 5; n++) {
    const times = bridge.timesInStep();
    await pocketBase.kill();
    await pocketBase.start();
    await root.collection("counters").update(id, { n });
    await waitUntil(() => bridge.timesInStep() > times, "the bridge to be in step again", 20_000);
  }
  await inStep();
  expect((await logged()).map(({ record }) => record.n)).toEqual([2, 3, 4]);
});

test("a create, an update and a delete are an event each, with the row as it was on delete", async () => {
  await start();
  const haveCome = (count: number): Promise<void> =>
    waitUntil(async () => (await logged()).length === count, `event ${count}`);
  const { id } = await create(1);
  await haveCome(1);
  await root.collection("counters").update(id, { n: 2 });
  await haveCome(2);
  await root.collection("counters").delete(id);
  await haveCome(3);
  expect((await logged()).map(({ action, record }) => [action, record.n, record.secret])).toEqual([
    ["create", 1, "s1"],
    ["update", 2, "s1"],
    ["delete", 2, "s1"],
  ]);
  expect(await kept()).toEqual([]);
});

test("collections that come, change and go are followed", async () => {
  await create(1);
  const bridge = await start();
  const plain = { name: "plain", type: "base", listRule: "", fields: [{ name: "a", type: "text" }] };
  await importCollections(root, [plain]);
  await waitUntil(
    async () => (await redis.hexists(`${prefix}records:plain`, "@seeded")) === 1,
    "its rows",
    10_000,
  );
  await root.collection("plain").create({ a: "1" });
  await waitUntil(async () => (await logged()).length === 1, "its event");

  await importCollections(root, [
    { ...counters, fields: [...counters.fields, { name: "more", type: "bool" }] },
  ]);
  await waitUntil(haveField, "rows with the new field", 10_000);
  expect(await logged()).toHaveLength(1);

  await root.collections.delete("plain");
  await waitUntil(
    async () => (await redis.hexists(`${prefix}collections`, "plain")) === 0,
    "its end",
    10_000,
  );
  expect(bridge.output()).not.toContain('"level":50');
});

test("a Redis that lost everything gets everything again", async () => {
  const own = await startRedisServer();
  onTestFinished(own.close);
  const connection = new Redis(own.url);
  onTestFinished(() => connection.disconnect());
  await create(1);
  const bridge = await start({ REDIS_URL: own.url });
  await connection.flushall();
  await waitUntil(() => bridge.timesInStep() === 2, "the bridge to be in step again", 20_000);
  expect(await kept("counters", connection)).toEqual(await stored());
  expect(await connection.hexists(`${prefix}collections`, "counters")).toBe(1);
});

test("P5: while Redis is away changes wait, each of them", async () => {
  const target = new URL(inject("redisUrl"));
  const proxy = await startBreakableProxy(Number(target.port));
  onTestFinished(proxy.close);
  target.port = String(proxy.port);
  const front = await startProxy((incoming, outgoing) => forward(incoming, outgoing, pocketBase.url));
  await start({ REDIS_URL: target.href, PB_URL: front.url });
  proxy.isolate();
  const { id } = await create(1);
  await root.collection("counters").update(id, { n: 2 });
  await root.collection("counters").delete(id);
  const looks = (): number => front.paths.filter((path) => path.startsWith("/api/collections?")).length;
  const before = looks();
  await waitUntil(() => looks() > before + 2, "looks at the collections meanwhile", 20_000);
  proxy.heal();
  await waitUntil(async () => (await logged()).length === 3, "all changes", 20_000);
  expect((await logged()).map(({ action }) => action)).toEqual(["create", "update", "delete"]);
});

test("with a token in place of a password, and for some collections only", async () => {
  const { PB_EMAIL: _, PB_PASSWORD: __, ...rest } = login();
  const bridge = spawnBridge({ ...rest, PB_TOKEN: root.authStore.token, COLLECTIONS: "counters" });
  onTestFinished(bridge.kill);
  await waitUntil(() => bridge.timesInStep() === 1, "the bridge to be in step", 20_000);
  expect(await redis.exists(`${prefix}records:users`)).toBe(0);
  const users = JSON.parse((await redis.hget(`${prefix}collections`, "users")) ?? "");
  expect([users.name, users.follow]).toEqual(["users", undefined]);
});

test("a wrong password is logged without it, and tried again", async () => {
  const bridge = spawnBridge({ ...login(), PB_PASSWORD: "hunter2hunter2" });
  onTestFinished(bridge.kill);
  await waitUntil(() => bridge.output().split("trying again").length > 2, "two tries", 20_000);
  expect(bridge.output()).toContain("sign-in: PocketBase answered 400");
  expect(bridge.output()).not.toContain("hunter2");
});

test("what PocketBase does not answer is said once, with the reason", async () => {
  const bridge = spawnBridge({ ...login(), PB_URL: `http://127.0.0.1:${await freePort()}` });
  onTestFinished(bridge.kill);
  await waitUntil(() => bridge.output().includes("trying again"), "a try");
  expect(bridge.output()).toMatch(/"message":"sign-in: PocketBase did not answer: [^"]*ECONNREFUSED/);
});

test("a bridge that is told to stop while it signs in leaves", async () => {
  const held = Promise.withResolvers<undefined>();
  const proxy = await startProxy((incoming, outgoing) => {
    void held.promise.then(() => forward(incoming, outgoing, pocketBase.url));
  });
  const bridge = spawnBridge({ ...login(), PB_URL: proxy.url });
  onTestFinished(bridge.kill);
  await waitUntil(() => proxy.paths.length > 0, "the sign-in", 10_000);
  const stopped = bridge.stop();
  await waitUntil(() => bridge.output().includes("SIGTERM"), "the signal");
  held.resolve(undefined);
  expect(await stopped).toBe(0);
});

test("a bridge leaves that gets no answer", async () => {
  const proxy = await startProxy(() => undefined);
  const bridge = spawnBridge({ ...login(), PB_URL: proxy.url });
  onTestFinished(bridge.kill);
  await waitUntil(() => proxy.paths.length > 0, "the sign-in", 10_000);
  const began = performance.now();
  expect(await bridge.stop()).toBe(0);
  expect(performance.now() - began).toBeLessThan(20_000);
});

test("P8: a stream that ends again and again has rows compared at growing intervals", async () => {
  const proxy = await startProxy((incoming, outgoing) => {
    forward(incoming, outgoing, pocketBase.url);
    if (incoming.url === "/api/realtime" && incoming.method === "POST") outgoing.on("finish", proxy.cut);
  });
  const bridge = spawnBridge({ ...login(), PB_URL: proxy.url });
  onTestFinished(bridge.kill);
  const signIns = (): number => proxy.paths.filter((path) => path.includes("auth-with-password")).length;
  const began = performance.now();
  await waitUntil(() => signIns() === 5, "five sessions", 20_000);
  expect(performance.now() - began).toBeGreaterThan(1_500);
});

test("bad settings are reported all at once", async () => {
  const bridge = spawnBridge({ PB_URL: "localhost", COLLECTION_SECONDS: "soon" });
  await waitUntil(() => bridge.process.exitCode === 1, "the bridge to end");
  expect(
    bridge
      .output()
      .split("\n")
      .filter((line) => line.startsWith("  ")),
  ).toHaveLength(4);
});
