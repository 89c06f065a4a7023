import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { readMetrics } from "../harness/metrics.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { AbusePlan, AbuseTally } from "./abuse-plan.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { closeCrowd, openCrowd } from "./crowd.ts";
import { type Figure, judge, quantile } from "./figure.ts";
import { cpuUs, memoryBytes, peakMemoryBytes, waitedUs } from "./process-usage.ts";
import { type OwnServer, withGateway } from "./server.ts";
import { startAbuser } from "./start-abuser.ts";

const topics = 10;
const onsetSeconds = 1;
const eventMs = 20;
const requestsPerMinute = 120;

/** How much abuse, and for how long; streams that are none of it. */
export interface AbuseRunPlan extends Omit<AbusePlan, "host" | "port"> {
  readonly streams: number;
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

/** What abuse came to. */
export interface AbuseRun {
  readonly before: Stretch;
  /** Its first second, with the first connections and POSTs that are not too many yet. */
  readonly onset: Stretch;
  readonly during: Stretch;
  readonly tally: AbuseTally;
  /** Sockets and timers that are there behind it and were not before. */
  readonly left: number;
  /** Its most memory, and its memory behind the abuse, once and twice, garbage collected. */
  readonly bytes: { readonly peak: number; readonly once: number; readonly twice: number };
}

const mebibyte = 2 ** 20;

/** Measures what streams have of abuse from other addresses. */
export async function measureAbuse(): Promise<readonly Figure[]> {
  const plan = { streams: 500, seconds: 10, slowHeads: 1_000, postsPerSecond: 10_000 };
  const { before, onset, during, tally, left, bytes } = await abuse(plan);
  const delayFigure = (name: string, share: number): Figure =>
    judge({
      figure: `abuse: delay of ${plan.streams} streams, ${name}`,
      seen: quantile(during.delaysMs, share),
      unit: "ms",
      baseline: { of: "before", seen: quantile(before.delaysMs, share) },
      ...(share === 0.99 ? { wanted: { of: "ratio", most: 2 } } : {}),
    });
  const beside = (figure: string, unit: string, of: (stretch: Stretch) => number): Figure =>
    judge({ figure, seen: of(during), unit, baseline: { of: "before", seen: of(before) } });
  const answered = (kind: keyof AbuseTally["answers"], status: number): number =>
    tally.answers[kind][status] ?? 0;
  return [
    delayFigure("p50", 0.5),
    delayFigure("p99", 0.99),
    judge({
      figure: "abuse: longest delay in its first second",
      seen: quantile(onset.delaysMs, 1),
      unit: "ms",
      baseline: { of: "in the time before", seen: quantile(before.delaysMs, 1) },
    }),
    beside(
      "abuse: time for which the gateway waited for a core",
      "%",
      ({ waitedShare }) => waitedShare * 100,
    ),
    beside("abuse: the gateway's CPU", "% of a core", ({ cpuShare }) => cpuShare * 100),
    beside("abuse: commands that Redis took", "a second", ({ redisCommands }) => redisCommands),
    ...[
      { figure: "abuse: POSTs with unknown client ids", seen: tally.posts / tally.seconds, unit: "a second" },
      { figure: "abuse: answered 429", seen: answered("posts", 429) / tally.seconds, unit: "a second" },
      { figure: "abuse: answered 404 before that", seen: answered("posts", 404), unit: "POSTs" },
      { figure: "abuse: slow heads answered 408", seen: answered("slow", 408), unit: "connections" },
      { figure: "abuse: heads of 1 MB answered 431", seen: answered("heads", 431), unit: "connections" },
      { figure: "abuse: endless bodies answered 413", seen: answered("bodies", 413), unit: "connections" },
    ].map((figure) => judge(figure)),
    judge({
      figure: "abuse: the gateway's most memory",
      seen: bytes.peak / mebibyte,
      unit: "MB",
      wanted: { of: "seen", most: 300 },
    }),
    judge({
      figure: "abuse: its memory behind a second time",
      seen: bytes.twice / mebibyte,
      unit: "MB",
      baseline: { of: "behind the first", seen: bytes.once / mebibyte },
      wanted: { of: "ratio", most: 1.1 },
    }),
    judge({
      figure: "abuse: sockets and timers left behind",
      seen: left,
      unit: "of them",
      wanted: { of: "seen", most: 0 },
    }),
  ];
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
  const before = await stretch(plan.seconds);
  const held = await holdings(server);
  const first = await abuseDuring(server, plan, stretch);
  let left = 0;
  const isOver = async (): Promise<boolean> => {
    left = Math.max(0, (await holdings(server)) - held);
    return left === 0;
  };
  const settledBytes = async (): Promise<number> => {
    // what stays is told by the figure
    await waitUntil(isOver, "what the abuse left to be gone", 15_000).catch(() => undefined);
    await collectGarbage(server);
    return memoryBytes(server.pid);
  };
  const once = await settledBytes();
  await abuseDuring(server, plan, stretch);
  const twice = await settledBytes();
  closeCrowd(sockets);
  const peak = peakMemoryBytes(server.pid);
  return { ...first, before, left, bytes: { peak, once, twice } };
}

async function abuseDuring(
  { host, port }: OwnServer,
  plan: AbuseRunPlan,
  measure: (seconds: number) => Promise<Stretch>,
): Promise<Pick<AbuseRun, "onset" | "during" | "tally">> {
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
