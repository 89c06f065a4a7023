import type {
  ClientDetails,
  ClientList,
  EventReport,
  EventsReport,
  ExplanationList,
  NodeReport,
} from "@sluice/protocol";
import { EventSource } from "eventsource";
import { Redis } from "ioredis";
import PocketBase from "pocketbase-0.28";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, demoCollectionsFile, startCluster } from "../harness/cluster.ts";
import { startGateway } from "../harness/gateway-process.ts";
import { readMetrics } from "../harness/metrics.ts";
import { postSubscriptions, publish } from "../harness/realtime-client.ts";
import { documentedRules, putUser } from "../harness/redis-users.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

// the SDK looks for it in the global scope, as in a browser
Object.assign(globalThis, { EventSource });

let superuser: string;
let cluster: Cluster;
/** The nodes: one that watches, the other, and their ids. */
let [here, there] = ["", ""];
let [hereId, thereId] = ["", ""];
beforeAll(async () => {
  superuser = await signSuperuserToken();
  cluster = await startCluster(inject("redisUrl"));
  [here = "", there = ""] = cluster.nodes.map(({ url }) => url);
  [hereId, thereId] = [await nodeOf(here), await nodeOf(there)];
});
afterAll(() => cluster.close());

async function ask(url: string, { method = "GET", body, token = superuser }: Asked = {}): Promise<Response> {
  const headers = { Authorization: token, "Content-Type": "application/json", Connection: "close" };
  return fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string;
}

async function read<Body>(url: string): Promise<Body> {
  const body: Body = JSON.parse(await (await ask(url)).text());
  return body;
}

const nodeOf = async (base: string): Promise<string> =>
  (await read<{ readonly node: string }>(`${base}/api/console`)).node;

const clientsOf = (query = "", base = here): Promise<ClientList> =>
  read(`${base}/api/console/clients${query}`);

async function open(base: string, subscriptions: readonly string[], token?: string): Promise<SseReader> {
  const stream = await SseReader.open(base);
  expect((await postSubscriptions(base, stream.clientId, subscriptions, token)).status).toBe(204);
  return stream;
}

const watch = (base: string): Promise<SseReader> => open(base, ["@stats"], superuser);

function reportsIn(stream: SseReader): readonly (NodeReport | EventsReport)[] {
  return stream.events("@stats").map(({ data }) => JSON.parse(data ?? ""));
}

const nodeReportsIn = (stream: SseReader, node: string): readonly NodeReport[] =>
  reportsIn(stream).flatMap((report) => (report.kind === "node" && report.node === node ? [report] : []));

/** What a node has told of an event. */
function toldOf(stream: SseReader, node: string, recordId: string): EventReport | undefined {
  const told = reportsIn(stream).flatMap((report) =>
    report.kind === "events" && report.node === node ? report.events : [],
  );
  return told.find((event) => event.recordId === recordId);
}

/** Waits until a watcher hears every node. */
const untilAllReport = (stream: SseReader): Promise<void> =>
  waitUntil(
    () => [hereId, thereId].every((node) => nodeReportsIn(stream, node).length > 0),
    "a report of both nodes",
    10_000,
  );

const post = (id: string, more: object = {}): object => ({
  collection: "posts",
  action: "create",
  record: { id, ...more },
});

const filtered = (filter: string): string =>
  `posts/*?options=${encodeURIComponent(JSON.stringify({ query: { filter } }))}`;

describe("a superuser who watches one node", () => {
  test("is told of both, once a second, what they are", async () => {
    const stream = await watch(here);
    await untilAllReport(stream);
    await waitUntil(() => nodeReportsIn(stream, thereId).length > 2, "several reports", 10_000);
    const [, report] = nodeReportsIn(stream, thereId);
    expect(report).toMatchObject({
      version: "0.1.0",
      state: "ready",
      streams: 0,
      maxStreams: 50_000,
      position: expect.stringMatching(/^\d+-\d+$/),
      delayMs: null,
      topics: [],
    });
    expect(report?.memoryBytes).toBeGreaterThan(10_000_000);
    expect(report?.cpu).toBeLessThan(2);
    const times = nodeReportsIn(stream, hereId).map(({ at }) => at);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(500 * (times.length - 1));
    stream.close();
  });

  test("is told everything once, also while others watch other nodes", async () => {
    const streams = [await watch(here), await watch(there)];
    for (const stream of streams) {
      await untilAllReport(stream);
      await waitUntil(() => reportsIn(stream).length > 8, "several reports", 10_000);
      const told = stream.events("@stats").map(({ data }) => data);
      expect(new Set(told).size).toBe(told.length);
    }
    for (const stream of streams) stream.close();
  });

  test("is told of an event by each node: who had it, who did not, and why", async () => {
    const stream = await watch(here);
    const streams = [
      await open(here, ["posts/*", "posts"]),
      await open(there, ["posts/*", filtered("title = 'other'"), filtered("score > 5")]),
      await open(there, [filtered("title = 'other'"), "audits/*"]),
    ];
    await untilAllReport(stream);
    await cluster.log(post("told", { title: "this", score: 1 }));
    await cluster.log({ collection: "audits", action: "delete", record: { id: "hidden" } });
    await waitUntil(
      () => [hereId, thereId].every((node) => toldOf(stream, node, "hidden") !== undefined),
      "both nodes to tell of both events",
    );
    const there1 = toldOf(stream, thereId, "told");
    expect(toldOf(stream, hereId, "told")).toEqual({
      key: there1?.key,
      cursor: there1?.key,
      at: Number(there1?.key.split("-")[0]),
      door: "log",
      topic: "posts",
      action: "create",
      recordId: "told",
      delivered: 2,
      withheld: [],
    });
    expect(there1?.delivered).toBe(1);
    const withheld = there1?.withheld.toSorted((one, other) => other.subscribers - one.subscribers);
    expect(withheld).toEqual([
      { reason: "filter", topic: "posts/*", subscribers: 2, text: "title = 'other'" },
      { reason: "filter", topic: "posts/*", subscribers: 1, text: "score > 5" },
    ]);
    expect(toldOf(stream, thereId, "hidden")).toMatchObject({
      topic: "audits",
      action: "delete",
      delivered: 0,
      withheld: [{ reason: "rule", topic: "audits/*", subscribers: 1, text: "null" }],
    });
    await waitUntil(() => nodeReportsIn(stream, thereId).some(({ events }) => events > 0), "the counts");
    const sum = (of: (report: NodeReport) => number): number =>
      nodeReportsIn(stream, thereId).reduce((total, report) => total + of(report), 0);
    expect([
      sum(({ events }) => events),
      sum(({ deliveries }) => deliveries),
      sum(({ denials }) => denials),
    ]).toEqual([2, 1, 4]);
    for (const one of [stream, ...streams]) one.close();
  });

  test("is told of what comes through channels, under one key by all nodes", async () => {
    const stream = await watch(here);
    await untilAllReport(stream);
    await cluster.channel("posts", { action: "update", record: { id: "channelled" } });
    await waitUntil(
      () => [hereId, thereId].every((node) => toldOf(stream, node, "channelled") !== undefined),
      "both nodes to tell of it",
    );
    const [one, other] = [hereId, thereId].map((node) => toldOf(stream, node, "channelled"));
    expect(one).toMatchObject({ door: "record", key: other?.key });
    expect(one).not.toHaveProperty("cursor");
    stream.close();
  });

  test("hears of no more than fifty events in a quarter of a second, and how many there were", async () => {
    const stream = await watch(here);
    await untilAllReport(stream);
    const before = nodeReportsIn(stream, thereId).length;
    await publish(
      there,
      Array.from({ length: 300 }, (_, index) => post(`many${index}`)),
      superuser,
    );
    const counted = (of: (report: NodeReport) => number): number =>
      nodeReportsIn(stream, thereId)
        .slice(before)
        .reduce((total, report) => total + of(report), 0);
    await waitUntil(() => counted(({ events }) => events) === 300, "all events to be counted");
    const listed = reportsIn(stream).filter((report) => report.kind === "events" && report.node === thereId);
    const lengths = listed.map((report) => (report.kind === "events" ? report.events.length : 0));
    expect(Math.max(...lengths)).toBe(50);
    expect(counted(({ skippedEvents }) => skippedEvents)).toBe(
      300 - lengths.reduce((total, length) => total + length, 0),
    );
    stream.close();
  });

  test("leaves, and nobody publishes any more", async () => {
    const stream = await watch(here);
    await untilAllReport(stream);
    expect(await cluster.redis.call("PUBSUB", "NUMSUB", `${cluster.prefix}stats`)).toContain(1);
    stream.close();
    await waitUntil(
      async () =>
        String(await cluster.redis.call("PUBSUB", "NUMSUB", `${cluster.prefix}stats`)).endsWith(",0"),
      "the node to listen no more",
    );
  });
});

test("P8: reports that no node has written end no node, and nobody hears of them", async () => {
  const stream = await watch(here);
  await untilAllReport(stream);
  const deep = "[".repeat(50_000) + "]".repeat(50_000);
  for (const text of [
    "",
    "no JSON",
    "[]",
    '{"kind":"node"}',
    `{"kind":"node","node":"deep","topics":${deep}}`,
  ]) {
    await cluster.redis.publish(`${cluster.prefix}stats`, text);
  }
  const { length } = nodeReportsIn(stream, thereId);
  await waitUntil(() => nodeReportsIn(stream, thereId).length > length + 1, "further reports", 10_000);
  expect(stream.raw).not.toContain("deep");
  stream.close();
});

test("guests and auth records get no reports, nor what writers send under their name", async () => {
  const user = await signToken("u1");
  const streams = [await open(here, ["@stats", "news"]), await open(here, ["@stats", "news"], user)];
  const stream = await watch(here);
  const malformed = async (): Promise<number> =>
    (await readMetrics(here)).get('sluice_malformed_events_total{door="log"}') ?? 0;
  const denials = async (): Promise<readonly (readonly [string, number])[]> =>
    [...(await readMetrics(here))].filter(([series]) => series.startsWith("sluice_denials_total"));
  const [before, deniedBefore] = [await malformed(), await denials()];
  const forged = { topic: "@stats", data: { kind: "node", node: "forged" } };
  await cluster.log(forged);
  await cluster.message(forged);
  expect(await publish(here, forged, superuser)).toMatchObject({ status: 400 });
  await untilAllReport(stream);
  await cluster.message({ topic: "news", data: "behind" });
  for (const one of streams) await one.waitFor(({ event }) => event === "news", "the message behind");
  expect(await malformed()).toBe(before + 1);
  for (const one of streams) expect(one.events("@stats")).toEqual([]);
  expect(stream.raw).not.toContain("forged");
  expect(await denials()).toEqual(deniedBefore);
  for (const one of [stream, ...streams]) one.close();
});

test("a superuser whose record has another token key hears nothing more", async () => {
  const stream = await watch(here);
  await untilAllReport(stream);
  const record = { id: "root", tokenKey: "new" };
  const event = {
    collection: "_superusers",
    action: "update",
    record,
    before: { id: "root", tokenKey: "old" },
  };
  await cluster.log(event);
  await cluster.log(post("behind"));
  const listening = async (): Promise<string> =>
    String(await cluster.redis.call("PUBSUB", "NUMSUB", `${cluster.prefix}stats`));
  await waitUntil(async () => (await listening()).endsWith(",0"), "nobody to watch");
  const { length } = stream.events("@stats");
  const other = await watch(there);
  await untilAllReport(other);
  expect(stream.events("@stats")).toHaveLength(length);
  stream.close();
  other.close();
});

describe("clients", () => {
  test("of all nodes are found by id, identity and topic, those that came last first", async () => {
    const user = await signToken("ann");
    const streams = [await open(here, ["found/a"]), await open(there, ["found/b", "more"], user)];
    streams.push(await open(here, ["found/c"]));
    const [first, second, third] = streams.map(({ clientId }) => clientId);
    const all = await clientsOf("?search=found");
    expect(all).toMatchObject({ total: 3, nodes: 2, silent: 0 });
    expect(all.clients).toMatchObject([
      { id: third, node: hereId, identity: "guest", subscriptions: 1 },
      { id: second, node: thereId, identity: "users/ann", subscriptions: 2 },
      { id: first, node: hereId, identity: "guest", subscriptions: 1 },
    ]);
    expect((await clientsOf(`?search=${first?.slice(0, 8)}`)).clients.map(({ id }) => id)).toEqual([first]);
    expect((await clientsOf("?search=users/an")).clients.map(({ id }) => id)).toEqual([second]);
    expect((await clientsOf(`?search=found&node=${thereId}`)).clients.map(({ id }) => id)).toEqual([second]);
    expect(await clientsOf("?search=found&limit=1")).toMatchObject({ total: 3, clients: [{ id: third }] });
    for (const one of streams) one.close();
  });

  test("of another node are shown, and events explained for them as they are", async () => {
    const stream = await open(there, ["posts/*", "audits/*", "else"], await signToken("bob"));
    const details = await read<ClientDetails>(`${here}/api/console/clients/${stream.clientId}`);
    expect(details).toMatchObject({
      node: thereId,
      identity: "users/bob",
      subscriptions: ["posts/*", "audits/*", "else"],
      state: "live",
      outboxBytes: 0,
    });
    const event = { collection: "audits", action: "create", record: { id: "a1" } };
    const body = { clientId: stream.clientId, event };
    const explained = await ask(`${here}/api/console/explain`, { method: "POST", body });
    expect(explained.status).toBe(200);
    expect(await explained.json()).toMatchObject({
      explanations: [
        { subscription: "audits/*", outcome: "denied", reason: "rule", rule: "listRule", text: null },
        { subscription: "posts/*", outcome: "unmatched" },
        { subscription: "else", outcome: "unmatched" },
      ],
    });
    const bad = { clientId: stream.clientId, event: { action: "create" } };
    const refused = await ask(`${here}/api/console/explain`, { method: "POST", body: bad });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ data: { event: { code: "validation_invalid_event" } } });
    stream.close();
  });

  test("P8: are answered for in few words, however much their filters look at", async () => {
    const filter = Array.from({ length: 60 }, (_, index) => `title = '${index}'`).join(" || ");
    const subscriptions = ["1", "2", "3"].map((more) => filtered(`${filter} || title = 'x${more}'`));
    const stream = await open(there, subscriptions);
    const record = { id: "long", title: "t".repeat(400_000) };
    const event = { collection: "posts", action: "create", record };
    const body = { clientId: stream.clientId, event };
    const explained = await ask(`${here}/api/console/explain`, { method: "POST", body });
    expect(explained.status).toBe(200);
    const text = await explained.text();
    expect(text.length).toBeLessThan(100_000);
    const { explanations }: ExplanationList = JSON.parse(text);
    expect(explanations.map(({ outcome }) => outcome)).toEqual(["denied", "denied", "denied"]);
    const deciding = explanations.map((explanation) => explanation.deciding ?? []);
    expect(deciding.map(({ length }) => length)).toEqual([61, 39, 0]);
    expect(deciding[0]?.[0]?.left).toEqual({ text: "title", value: `${"t".repeat(199)}…` });
    stream.close();
  });

  test("that nobody has are 404", async () => {
    const url = `${here}/api/console/clients/nobody`;
    expect((await ask(url)).status).toBe(404);
    expect((await ask(url, { method: "DELETE" })).status).toBe(404);
    const body = { clientId: "nobody", event: post("p1") };
    expect((await ask(`${here}/api/console/explain`, { method: "POST", body })).status).toBe(404);
  });

  test("P5: an SDK whose stream is ended from another node comes back and misses nothing", async () => {
    const sdk = new PocketBase(there);
    const heard: unknown[] = [];
    await sdk.collection("posts").subscribe("*", ({ record }) => heard.push(record.id), {
      query: { filter: "title = 'sdk'" },
    });
    const { clientId } = sdk.realtime;
    const end = async (): Promise<number> =>
      (await ask(`${here}/api/console/clients/${clientId}`, { method: "DELETE" })).status;
    // a stream that has just subscribed may not be ended yet
    let status = 503;
    await waitUntil(async () => (status = await end()) !== 503, "the stream to be ended");
    expect(status).toBe(204);
    const sent = Array.from({ length: 20 }, (_, index) => `sdk${index}`);
    for (const id of sent) await cluster.log(post(id, { title: "sdk" }));
    await waitUntil(() => heard.length >= sent.length, "all events", 15_000);
    expect(sdk.realtime.clientId).not.toBe(clientId);
    expect([...new Set(heard)]).toEqual(sent);
    await sdk.realtime.unsubscribe();
  });
});

test("all of it is for superusers only", async () => {
  const user = await signToken("u1");
  const routes: readonly (readonly [method: string, path: string])[] = [
    ["GET", ""],
    ["GET", "/clients"],
    ["GET", "/clients/x"],
    ["DELETE", "/clients/x"],
    ["POST", "/explain"],
  ];
  for (const [method, path] of routes) {
    const url = `${here}/api/console${path}`;
    const bodies = await Promise.all(
      ["", user].map(async (token) => (await ask(url, { method, token })).text()),
    );
    expect(bodies).toEqual([
      '{"data":{},"message":"The request requires valid record authorization token.","status":401}\n',
      '{"data":{},"message":"The authorized record is not allowed to perform this action.","status":403}\n',
    ]);
  }
});

describe("a node", () => {
  let more: Cluster;
  beforeAll(async () => {
    more = await startCluster(inject("redisUrl"), { env: { HEARTBEAT_SECONDS: "1" } });
  });
  afterAll(() => more.close());

  test("that is frozen is silent, and one that is killed is no node any more", async () => {
    const [living, dying] = more.nodes;
    if (living === undefined || dying === undefined) throw new TypeError("expected two nodes");
    const dyingId = await nodeOf(dying.url);
    const stream = await watch(living.url);
    await waitUntil(() => nodeReportsIn(stream, dyingId).length > 0, "its report", 10_000);
    dying.process.kill("SIGSTOP");
    const list = (): Promise<ClientList> => clientsOf("", living.url);
    expect(await list()).toMatchObject({ total: 1, nodes: 2, silent: 1 });
    expect((await ask(`${living.url}/api/console/clients/nobody`)).status).toBe(503);
    await dying.kill();
    await waitUntil(async () => (await list()).nodes === 1, "it to be forgotten", 10_000);
    expect((await ask(`${living.url}/api/console/clients/nobody`)).status).toBe(404);
    const { length } = nodeReportsIn(stream, dyingId);
    const { length: own } = nodeReportsIn(stream, await nodeOf(living.url));
    await waitUntil(() => reportsIn(stream).length > length + own + 1, "further reports");
    expect(nodeReportsIn(stream, dyingId)).toHaveLength(length);
    stream.close();
  });
});

test("without Redis requests are 503, and the node tells who watches it that it is degraded", async () => {
  const server = await startRedisServer();
  const gateway = await startGateway({
    REDIS_URL: server.url,
    COLLECTIONS_FILE: demoCollectionsFile,
    HEARTBEAT_SECONDS: "1",
  });
  const stream = await watch(gateway.url);
  server.process.kill("SIGSTOP");
  const states = (): readonly string[] =>
    reportsIn(stream).flatMap((report) => (report.kind === "node" ? [report.state] : []));
  await waitUntil(() => states().includes("degraded"), "the node to be degraded", 15_000);
  expect((await ask(`${gateway.url}/api/console`)).status).toBe(200);
  expect((await ask(`${gateway.url}/api/console/clients`)).status).toBe(503);
  expect((await ask(`${gateway.url}/api/console/clients/x`, { method: "DELETE" })).status).toBe(503);
  server.process.kill("SIGCONT");
  await waitUntil(() => states().at(-1) === "ready", "the node to be ready", 15_000);
  await waitUntil(
    async () => (await ask(`${gateway.url}/api/console/clients`)).status === 200,
    "clients to be listed",
  );
  stream.close();
  await gateway.kill();
  await server.close();
});

test("its address may end in a slash", async () => {
  const answer = await fetch(`${here}/console/?by=hand`);
  expect(answer.url).toBe(`${here}/console`);
});

test("CONSOLE=false leaves nothing of it", async () => {
  const gateway = await startGateway({ CONSOLE: "false", PLAYGROUND: "true" });
  for (const path of ["/console", "/console/", "/console/play", "/api/console", "/api/console/clients"]) {
    expect((await ask(`${gateway.url}${path}`)).status).toBe(404);
  }
  await gateway.kill();
});

test("a Redis user with the documented permissions is enough", async () => {
  const server = await startRedisServer();
  const admin = new Redis(server.url);
  await putUser(admin, "nodes", documentedRules("nodes"));
  const url = server.url.replace("//", "//nodes:password@");
  const own = await startCluster(url, { env: { KEY_PREFIX: "rt:" } });
  const stream = await watch(own.nodes[0]?.url ?? "");
  const other = await nodeOf(own.nodes[1]?.url ?? "");
  await waitUntil(() => nodeReportsIn(stream, other).length > 0, "the other node's report", 10_000);
  const list = await ask(`${own.nodes[1]?.url}/api/console/clients`);
  expect(await list.json()).toMatchObject({ total: 1, nodes: 2, silent: 0 });
  await putUser(admin, "writers", documentedRules("writers"));
  const writer = new Redis(server.url.replace("//", "//writers:password@"), { disableClientInfo: true });
  for (const channel of ["rt:stats", "rt:nodes"]) {
    await expect(writer.publish(channel, "{}")).rejects.toThrow("NOPERM");
  }
  writer.disconnect();
  stream.close();
  await own.close();
  admin.disconnect();
  await server.close();
});
