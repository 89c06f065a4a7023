import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { readMetrics } from "../harness/metrics.ts";
import { RawConnection } from "../harness/raw-connection.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";

const streams = 20_000;
const deafStreams = 100;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"), {
    nodes: 1,
    env: { STREAM_SECONDS: "1", STALL_SECONDS: "1", MAX_OUTBOX_BYTES: "262144", LOG_LEVEL: "warn" },
  });
});
afterAll(() => cluster.close());

const base = (): string => cluster.nodes[0]?.url ?? "";

/** Ways in which a stream ends, and how many of each are under way at once. */
const endings: readonly {
  readonly name: string;
  readonly lanes: number;
  readonly end: (stream: SseReader) => Promise<void>;
}[] = [
  { name: "closed by the client", lanes: 15, end: async (stream) => stream.close() },
  { name: "reset", lanes: 15, end: async (stream) => stream.reset() },
  {
    name: "half closed by the client",
    lanes: 15,
    end: async (stream) => {
      stream.halfClose();
      await stream.waitForEnd();
    },
  },
  {
    name: "ended by the server",
    lanes: 300,
    end: async (stream) => {
      await postSubscriptions(base(), stream.clientId, ["posts/*"]);
      await stream.waitForEnd(30_000);
    },
  },
];

async function openAndEnd(
  count: number,
  lanes: number,
  end: (stream: SseReader) => Promise<void>,
): Promise<void> {
  let left = count;
  const runLane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await end(await SseReader.open(base()));
    }
  };
  await Promise.all(Array.from({ length: lanes }, runLane));
}

/** What the process holds: its streams and subscriptions, and the timers and sockets of Node's event loop. */
async function holdings(): Promise<Readonly<Record<string, number | undefined>>> {
  const metrics = await readMetrics(base());
  const resource = (type: string): number => metrics.get(`nodejs_active_resources{type="${type}"}`) ?? 0;
  return {
    streams: metrics.get("sluice_streams"),
    subscriptions: metrics.get("sluice_subscriptions"),
    timers: resource("Timeout"),
    sockets: resource("TCPSocketWrap"),
    directory: (await cluster.redis.keys(`${cluster.prefix}client:*`)).length,
  };
}

/** Sends all streams that listen a large message; returns whether none is left. */
async function makeNoise(): Promise<boolean> {
  await cluster.message({ topic: "noise", data: "x".repeat(256 * 1024) });
  return (await holdings())["streams"] === 0;
}

/** Leaves streams half open: their readers take nothing more and say nothing, while events for them pile up. */
async function leaveHalfOpen(): Promise<void> {
  const deaf = await Promise.all(Array.from({ length: deafStreams }, () => SseReader.open(base())));
  for (const stream of deaf) stream.stall();
  await Promise.all(deaf.map((stream) => postSubscriptions(base(), stream.clientId, ["noise"])));
  await waitUntil(makeNoise, "the streams of deaf readers to be cut", 20_000);
  const metrics = await readMetrics(base());
  const cuts = ["outbox", "stalled"].map(
    (reason) => metrics.get(`sluice_stream_cuts_total{reason="${reason}"}`) ?? 0,
  );
  expect(cuts.reduce((sum, count) => sum + count)).toBeGreaterThan(0);
  for (const stream of deaf) stream.reset();
}

test(`${streams + deafStreams} streams that end in five ways leave nothing behind`, async () => {
  await openAndEnd(100, 10, async (stream) => stream.close());
  await waitUntil(async () => (await holdings())["streams"] === 0, "the first streams to be gone");
  const before = await holdings();
  await leaveHalfOpen();
  await Promise.all(endings.map(({ lanes, end }) => openAndEnd(streams / endings.length, lanes, end)));
  await expect.poll(holdings, { timeout: 20_000, interval: 100 }).toEqual(before);
  expect(before).toMatchObject({ streams: 0, subscriptions: 0, directory: 0 });
});

const get = "GET /api/realtime HTTP/1.1\r\nHost: gateway\r\n";

/** Waits until the node holds no stream. */
const untilNoneIsHeld = (): Promise<void> =>
  expect.poll(holdings, { timeout: 10_000 }).toMatchObject({ streams: 0, directory: 0 });

test("a GET holds nothing until its body is here, and leaves nothing behind where that breaks off", async () => {
  const connection = new RawConnection(base());
  connection.send(`${get}Transfer-Encoding: chunked\r\n\r\n5\r\n`);
  await untilNoneIsHeld();
  connection.send("hello, no chunk");
  await connection.closed();
  expect(connection.answer).toMatch(/^HTTP\/1\.1 400 /);
  await untilNoneIsHeld();
});

test("a GET behind another one on its connection leaves nothing behind, and the first has its stream", async () => {
  const connection = new RawConnection(base());
  connection.send(`${get}\r\n${get}\r\n`);
  await waitUntil(() => connection.answer.includes("PB_CONNECT"), "the first stream");
  expect(await holdings()).toMatchObject({ streams: 1, directory: 1 });
  connection.close();
  await untilNoneIsHeld();
});
