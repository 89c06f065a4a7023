import { setTimeout as delay } from "node:timers/promises";
import { waitUntil } from "../harness/wait-until.ts";
import type { StreamRecord } from "./balancer.ts";
import { type ChaosOutcome, judgeRun } from "./chaos-run.ts";
import type { ChaosStage } from "./chaos-stage.ts";
import { type ClientCounts, planClients } from "./client-plan.ts";

const connectMs = 40_000;
const lookMs = 250;

/** Streams end for no other reason than that they are shed. */
const lastingStreams = { STREAM_SECONDS: "0", IDLE_SECONDS: "0" };

/** What a scale-out is made of. */
export interface ScaleOutOptions {
  /** How many nodes there are first, and then. */
  readonly from: number;
  readonly to: number;
  readonly clients: ClientCounts;
  /** Events per second. */
  readonly rate: number;
  readonly shedSeconds: number;
  /** How long it is watched, and how much longer than it takes to hold the bar. */
  readonly watch: { readonly seconds: number; readonly moreSeconds: number };
  /** Called a few times a second. */
  readonly onLook?: (look: Look) => void;
}

/** How streams are spread at a moment. */
interface Look {
  /** Since the last new node was ready. */
  readonly seconds: number;
  /** By node. */
  readonly streams: readonly number[];
  /** What the fullest node has beside the mean. */
  readonly peak: number;
}

/** What a scale-out came to. */
export interface ScaleOutOutcome extends ChaosOutcome {
  /** Since when no node had over 1.3 times the mean any more; infinity where one had to the end. */
  readonly evenAfterSeconds: number;
  /** The streams that nodes ended; how many within the fullest second. */
  readonly ended: number;
  readonly endedAtOnce: number;
}

/** The bar: the most that a node may have beside the mean. */
const bar = 1.3;

/** Starts more nodes while clients of all kinds listen, watches the streams spread, and judges what each client got. */
export async function runScaleOut(options: ScaleOutOptions): Promise<ScaleOutOutcome> {
  const { from, to, rate, shedSeconds } = options;
  const clients = await planClients(options.clients);
  const looks: Look[] = [];
  const outcome = await judgeRun(
    {
      clients,
      seed: 1,
      rate,
      nodes: { count: to, down: to - from },
      env: { ...lastingStreams, SHED_SECONDS: String(shedSeconds) },
    },
    async (stage) => {
      await waitUntil(
        () => stage.crowds.absent().length === 0,
        "the late clients to be connected",
        connectMs,
      );
      const added = [...stage.nodes.urls.keys()].slice(from);
      await Promise.all(added.map((node) => stage.nodes.launch(node)));
      await watchSpread(stage, looks, options);
    },
  );
  return { ...outcome, evenAfterSeconds: evenAfter(looks), ...endingsIn(outcome.streams) };
}

async function watchSpread(
  { balancer }: ChaosStage,
  looks: Look[],
  { to, watch, onLook }: ScaleOutOptions,
): Promise<void> {
  const startMs = performance.now();
  for (let seconds = 0; seconds < Math.min(watch.seconds, evenAfter(looks) + watch.moreSeconds);) {
    await delay(lookMs);
    seconds = (performance.now() - startMs) / 1_000;
    const look = { seconds, ...spreadOf(balancer.streams, to) };
    looks.push(look);
    onLook?.(look);
  }
}

function evenAfter(looks: readonly Look[]): number {
  const lastOver = looks.findLastIndex(({ peak }) => peak > bar);
  return looks[lastOver + 1]?.seconds ?? Number.POSITIVE_INFINITY;
}

/** The streams that are open, as the balancer sees them. */
function spreadOf(records: readonly StreamRecord[], nodes: number): Omit<Look, "seconds"> {
  const streams = Array<number>(nodes).fill(0);
  for (const { node, status, endedBy } of records) {
    if (status === 200 && endedBy === undefined) streams[node] = (streams[node] ?? 0) + 1;
  }
  const sum = streams.reduce((total, count) => total + count, 0);
  return { streams, peak: (Math.max(...streams) * nodes) / sum };
}

function endingsIn(records: readonly StreamRecord[]): Pick<ScaleOutOutcome, "ended" | "endedAtOnce"> {
  const ended = records.filter(({ endedBy }) => endedBy === "node");
  const seconds = Map.groupBy(ended, ({ endedMs }) => Math.floor(endedMs / 1_000));
  return { ended: ended.length, endedAtOnce: Math.max(0, ...[...seconds.values()].map((all) => all.length)) };
}
