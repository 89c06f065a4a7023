import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { readMetrics } from "../harness/metrics.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { AbusePlan, AbuseTally } from "./abuse-plan.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { closeCrowd, openCrowd } from "./crowd.ts";
import { type Figure, judge, type Measurement, quantile } from "./figure.ts";
import { cpuUs, peakMemoryBytes, waitedUs } from "./process-usage.ts";
import { type OwnServer, withGateway } from "./server.ts";
import { startAbuser } from "./start-abuser.ts";

const topics = 10;
const onsetSeconds = 1;
const eventMs = 20;
const requestsPerMinute = 120;

/** How much abuse, how often and for how long; streams that are none of it. */
export interface AbuseRunPlan extends Omit<AbusePlan, "host" | "port"> {
  readonly streams: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** What a stretch of time shows. */
interface Stretch {
  readonly delaysMs: readonly number[];
  /** Share of the time for which the gateway had a core, and for which it waited for one that others had. */
  readonly cpuShare: number;
  readonly waitedShare: number;
  /** A second. */
  readonly redisCommands: number;
}

/** What streams have of abuse. */
interface Abused {
  /** Its first second, with the first connections and POSTs that are not too many yet. */
  readonly onset: Stretch;
  readonly during: Stretch;
  readonly tally: AbuseTally;
}

/** A time in peace, then one of abuse. */
interface AbuseRound extends Abused {
  readonly before: Stretch;
  /** What the gateway's JavaScript holds behind it, garbage collected. */
  readonly heapBytes: number;
  /** Sockets and timers that are there behind it and were not before the first round. */
  readonly left: number;
}

/** What abuse came to. */
export interface AbuseRun {
  readonly rounds: readonly AbuseRound[];
  readonly peakBytes: number;
}

const mebibyte = 2 ** 20;

/** Measures what streams have of abuse from other addresses. */
export async function measureAbuse(): Promise<readonly Figure[]> {
  const plan = { streams: 500, rounds: 3, seconds: 10, slowHeads: 1_000, postsPerSecond: 10_000 };
  const { rounds, peakBytes } = await abuse(plan);
  const median = (of: (round: AbuseRound) => number): number => quantile(rounds.map(of), 0.5);
  const beside = (what: string, unit: string, of: (stretch: Stretch) => number): Measurement => ({
    figure: `abuse: ${what}`,
    seen: median(({ during }) => of(during)),
    unit,
    baseline: { of: "before", seen: median(({ before }) => of(before)) },
  });
  const delay99 = beside(`delay of ${plan.streams} streams, p99`, "ms", ({ delaysMs }) =>
    quantile(delaysMs, 0.99),
  );
  const answered = (kind: keyof AbuseTally["answers"], status: number): number =>
    median(({ tally }) => tally.answers[kind][status] ?? 0);
  const answeredEverySecond = median(({ tally }) => (tally.answers.posts[429] ?? 0) / tally.seconds);
  const measurements: readonly Measurement[] = [
    beside(`delay of ${plan.streams} streams, p50`, "ms", ({ delaysMs }) => quantile(delaysMs, 0.5)),
    { ...delay99, wanted: { of: "ratio", most: 2 } },
    count(
      "longest delay in its first second",
      "ms",
      median(({ onset }) => quantile(onset.delaysMs, 1)),
    ),
    beside("time for which the gateway waited for a core", "%", ({ waitedShare }) => waitedShare * 100),
    beside("the gateway's CPU", "% of a core", ({ cpuShare }) => cpuShare * 100),
    beside("commands that Redis took", "a second", ({ redisCommands }) => redisCommands),
    count(
      "POSTs with unknown client ids",
      "a second",
      median(({ tally }) => tally.posts / tally.seconds),
    ),
    count("of them answered 429", "a second", answeredEverySecond),
    count("of them answered 404", "in all", answered("posts", 404)),
    count("slow heads answered 408", "in all", answered("slow", 408)),
    count("heads of 1 MB answered 431", "in all", answered("heads", 431)),
    count("endless bodies answered 413", "in all", answered("bodies", 413)),
    { ...count("the gateway's most memory", "MB", peakBytes / mebibyte), wanted: { of: "seen", most: 300 } },
    {
      ...count("its heap behind the last round", "MB", (rounds.at(-1)?.heapBytes ?? 0) / mebibyte),
      baseline: { of: "behind the first", seen: (rounds[0]?.heapBytes ?? 0) / mebibyte },
      wanted: { of: "ratio", most: 1.1 },
    },
    {
      ...count("sockets and timers left behind", "of them", rounds.at(-1)?.left ?? 0),
      wanted: { of: "seen", most: 0 },
    },
  ];
  return measurements.map((measurement) => judge(measurement));
}

function count(what: string, unit: string, seen: number): Measurement {
  return { figure: `abuse: ${what}`, seen, unit };
}

/** Has a gateway serve streams, at first in peace, then abused. */
export async function abuse(plan: AbuseRunPlan): Promise<AbuseRun> {
  const redisServer = await startRedisServer();
  const redis = new Redis(redisServer.url);
  const env = {
    REDIS_URL: redisServer.url,
    REQUEST_SECONDS: "3",
    HEARTBEAT_SECONDS: "0",
    NODE_OPTIONS: "--inspect-port=0",
    ADDRESS_CONNECTS_PER_MINUTE: String(requestsPerMinute),
    ADDRESS_POSTS_PER_MINUTE: String(requestsPerMinute),
  };
  try {
    return await withGateway(env, (server) => run(server, redis, plan));
  } finally {
    redis.disconnect();
    await redisServer.close();
  }
}

async function run(server: OwnServer, redis: Redis, plan: AbuseRunPlan): Promise<AbuseRun> {
  const deliveries = new Deliveries(plan.streams);
  const sockets = await openCrowd(server, {
    count: plan.streams,
    topicsOf: (index) => [`bench${index % topics}`],
    onRead: (index, frames) => deliveries.take(index, frames),
  });
  const stretch = (seconds: number): Promise<Stretch> =>
    measureStretch(server, redis, { ...plan, deliveries, seconds });
  // the first turns of a process are slower
  await stretch(onsetSeconds);
  const held = await holdings(server);
  const rounds: AbuseRound[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    const before = await stretch(plan.seconds);
    const abused = await abuseDuring(server, plan, stretch);
    const left = await leftBehind(server, held);
    rounds.push({ ...abused, before, left, heapBytes: await heapBytes(server) });
  }
  closeCrowd(sockets);
  return { rounds, peakBytes: peakMemoryBytes(server.pid) };
}

async function abuseDuring(
  { host, port }: OwnServer,
  plan: AbuseRunPlan,
  measure: (seconds: number) => Promise<Stretch>,
): Promise<Abused> {
  const abuser = startAbuser({ ...plan, host, port });
  try {
    await waitUntil(async () => (await abuser.tell()).posts > 0, "the abuse", 20_000);
    const onset = await measure(onsetSeconds);
    const during = await measure(plan.seconds);
    // a process of low priority may need longer for its first large body
    const isAnswered = async (): Promise<boolean> =>
      Object.values((await abuser.tell()).answers).every((answers) => Object.keys(answers).length > 0);
    await waitUntil(isAnswered, "an answer to every kind of abuse", 30_000);
    return { onset, during, tally: await abuser.tell() };
  } finally {
    await abuser.stop();
  }
}

/** Waits until no more is held than before; returns what is all the same. */
async function leftBehind(server: OwnServer, held: number): Promise<number> {
  let left = 0;
  const isGone = async (): Promise<boolean> => {
    left = Math.max(0, (await holdings(server)) - held);
    return left === 0;
  };
  // what stays is what the figure tells
  await waitUntil(isGone, "what the abuse held", 15_000).catch(() => undefined);
  return left;
}

/** When events were sent, and how long each took to each stream. */
class Deliveries {
  delaysMs: number[] = [];
  readonly #sentMs: number[][] = Array.from({ length: topics }, () => []);
  readonly #seen: Uint32Array;

  constructor(streams: number) {
    this.#seen = new Uint32Array(streams);
  }

  send(topic: number): void {
    this.#sentMs[topic]?.push(performance.now());
  }

  /** Frames come in order: each is the next one of its topic. */
  take(index: number, frames: number): void {
    const nowMs = performance.now();
    for (let frame = 0; frame < frames; frame++) {
      const number = this.#seen[index] ?? 0;
      this.#seen[index] = number + 1;
      this.delaysMs.push(nowMs - (this.#sentMs[index % topics]?.[number] ?? Number.NaN));
    }
  }
}

/** Publishes at a steady rate, and waits until everybody has everything. */
async function measureStretch(
  { pid }: OwnServer,
  redis: Redis,
  { deliveries, seconds, streams }: { deliveries: Deliveries; seconds: number; streams: number },
): Promise<Stretch> {
  deliveries.delaysMs = [];
  const startMs = performance.now();
  const [startUs, startWaitedUs, startCommands] = [cpuUs(pid), waitedUs(pid), await commandsOf(redis)];
  const pending: Promise<unknown>[] = [];
  let sent = 0;
  for (; performance.now() - startMs < seconds * 1_000; sent++) {
    await delay(Math.max(0, startMs + sent * eventMs - performance.now()));
    deliveries.send(sent % topics);
    const event = JSON.stringify({ topic: `bench${sent % topics}`, data: "x".repeat(280) });
    pending.push(redis.xadd("rt:log", "*", "event", event));
  }
  await Promise.all(pending);
  const expected = (sent * streams) / topics;
  await waitUntil(() => deliveries.delaysMs.length >= expected, `${expected} deliveries`, 20_000);
  const tookSeconds = (performance.now() - startMs) / 1_000;
  return {
    delaysMs: deliveries.delaysMs,
    cpuShare: (cpuUs(pid) - startUs) / 1e6 / tookSeconds,
    waitedShare: (waitedUs(pid) - startWaitedUs) / 1e6 / tookSeconds,
    redisCommands: ((await commandsOf(redis)) - startCommands) / tookSeconds,
  };
}

async function commandsOf(redis: Redis): Promise<number> {
  return Number(/^total_commands_processed:(\d+)/m.exec(await redis.info("stats"))?.[1]);
}

/** Sockets and timers of the gateway. */
async function holdings({ url }: OwnServer): Promise<number> {
  const metrics = await readMetrics(url);
  const resource = (type: string): number => metrics.get(`nodejs_active_resources{type="${type}"}`) ?? 0;
  return resource("TCPSocketWrap") + resource("Timeout");
}

/** JavaScript's memory, buffers too; the process has more, which its allocator keeps or gives back as it likes. */
async function heapBytes(server: OwnServer): Promise<number> {
  await collectGarbage(server);
  const metrics = await readMetrics(server.url);
  const bytes = (name: string): number => metrics.get(`nodejs_${name}_bytes`) ?? Number.NaN;
  return bytes("heap_size_used") + bytes("external_memory");
}
