import { setTimeout as delay } from "node:timers/promises";
import { readMetrics } from "../harness/metrics.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { closeCrowd, openCrowd } from "./crowd.ts";
import { type Figure, judge, quantile } from "./figure.ts";
import { peakMemoryBytes } from "./process-usage.ts";
import { type OwnServer, withGateway } from "./server.ts";

const streams = 1_000;
const topics = 10;
const slowStreams = 100;
const stallSeconds = 5;
/** More than the kernel's buffers hold for one connection. */
const maxFills = 400;
const fillBytes = 65_536;

/** Deliveries per second: 16 events to 100 streams each, and 4 larger ones to the slow streams. */
const eventMs = 1_000 / 16;
const ballastMs = 250;
const ballastBytes = 32_768;
const windowMs = 14_000;
const lookMs = 250;
const cutLimitSeconds = stallSeconds + 5;

/** What one run shows. */
interface Run {
  readonly delaysMs: readonly number[];
  /** Ballast until the first stream took no more. */
  readonly fills: number;
  /** From then until each slow stream was cut. */
  readonly cutSeconds: readonly number[];
  readonly peakBytes: number;
}

/** Measures what the others have of readers who read nothing, against the same run where everybody reads and nobody has the ballast. */
export async function measureSlowReaders(): Promise<readonly Figure[]> {
  const env = { STALL_SECONDS: String(stallSeconds) };
  const stalled = await withGateway(env, (server) => run(server, undefined));
  const clean = await withGateway(env, (server) => run(server, stalled.fills));
  const delayFigure = (name: string, share: number): Figure =>
    judge({
      figure: `slow readers, ${slowStreams} of ${streams}: delay of the others, ${name}`,
      seen: quantile(stalled.delaysMs, share),
      unit: "ms",
      baseline: { of: "without", seen: quantile(clean.delaysMs, share) },
      wanted: { of: "ratio", most: 1.5 },
    });
  const cutFigure = (name: string, share: number): Figure =>
    judge({
      figure: `slow readers: from the first that stalls until they are cut, ${name}`,
      seen: stalled.cutSeconds.length === slowStreams ? quantile(stalled.cutSeconds, share) : Infinity,
      unit: "s",
      wanted: { of: "seen", most: cutLimitSeconds },
    });
  return [
    delayFigure("p50", 0.5),
    delayFigure("p99", 0.99),
    cutFigure("first", 0),
    cutFigure("last", 1),
    judge({
      figure: "slow readers: the gateway's most memory",
      seen: stalled.peakBytes / 2 ** 20,
      unit: "MB",
      baseline: { of: "without", seen: clean.peakBytes / 2 ** 20 },
      wanted: { of: "ratio", most: 2 },
    }),
  ];
}

/** One run; with a number of fills, everybody reads, nobody has the ballast, and as much is published. */
async function run(server: OwnServer, fills: number | undefined): Promise<Run> {
  const stalls = fills === undefined;
  const sentMs: number[][] = Array.from({ length: topics }, () => []);
  const seen = new Uint32Array(streams);
  const delaysMs: number[] = [];
  const isSlow = (index: number): boolean => index < slowStreams;
  const sockets = await openCrowd(server, {
    count: streams,
    topicsOf: (index) => [`bench${index % topics}`, ...(stalls && isSlow(index) ? ["ballast"] : [])],
    onRead: (index, frames) => {
      if (isSlow(index)) return;
      const nowMs = performance.now();
      // frames come in order: the one that ends here is the next one of its topic
      for (let frame = 0; frame < frames; frame++) {
        const number = seen[index] ?? 0;
        seen[index] = number + 1;
        delaysMs.push(nowMs - (sentMs[index % topics]?.[number] ?? Number.NaN));
      }
    },
  });
  if (stalls) for (const socket of sockets.slice(0, slowStreams)) socket.stall();
  const filled = await fill(server, fills);
  const watch = watchCuts(server, stalls);
  await send(server, sentMs);
  const events = sentMs.reduce((sum, times) => sum + times.length, 0);
  const expected = (events * (streams - slowStreams)) / topics;
  await waitUntil(() => delaysMs.length >= expected, `${expected} deliveries`, 10_000);
  const cutSeconds = await watch;
  const peakBytes = peakMemoryBytes(server.pid);
  closeCrowd(sockets);
  return { delaysMs, fills: filled, cutSeconds, peakBytes };
}

/** Sends ballast to the slow streams, until the gateway keeps bytes for one of them or as often as told. */
async function fill({ url, publish }: OwnServer, fills = maxFills): Promise<number> {
  for (let sent = 1; sent <= fills; sent++) {
    await publish([{ topic: "ballast", data: "x".repeat(fillBytes) }]);
    if (((await readMetrics(url)).get("sluice_outbox_bytes") ?? 0) > 0) return sent;
  }
  return fills;
}

/** Looks on as streams are cut; returns after how many seconds each was. */
async function watchCuts({ url }: OwnServer, stalls: boolean): Promise<readonly number[]> {
  const startMs = performance.now();
  const cutSeconds: number[] = [];
  const slow = stalls ? slowStreams : 0;
  for (;;) {
    const seconds = (performance.now() - startMs) / 1_000;
    const isOver = seconds * 1_000 > windowMs && cutSeconds.length >= slow;
    if (isOver || seconds > cutLimitSeconds * 2) return cutSeconds;
    const left = (await readMetrics(url)).get("sluice_streams") ?? streams;
    while (cutSeconds.length < streams - left) cutSeconds.push(seconds);
    await delay(lookMs);
  }
}

/** Publishes at a steady rate; notes when each event of a topic was sent. */
async function send({ publish }: OwnServer, sentMs: readonly number[][]): Promise<void> {
  const startMs = performance.now();
  const pending: Promise<void>[] = [];
  let ballasts = 0;
  for (let sent = 0; performance.now() - startMs < windowMs; sent++) {
    await delay(Math.max(0, startMs + sent * eventMs - performance.now()));
    const at = sent % topics;
    sentMs[at]?.push(performance.now());
    pending.push(publish([{ topic: `bench${at}`, data: "x".repeat(280) }]));
    if (performance.now() - startMs < ballasts * ballastMs) continue;
    ballasts += 1;
    pending.push(publish([{ topic: "ballast", data: "x".repeat(ballastBytes) }]));
  }
  await Promise.all(pending);
}
