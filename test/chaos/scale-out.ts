import { setTimeout as delay } from "node:timers/promises";
import { waitUntil } from "../harness/wait-until.ts";
import type { StreamRecord } from "./balancer.ts";
import type { ChaosOutcome } from "./chaos-run.ts";
import { ChaosStage } from "./chaos-stage.ts";
import { type ClientCounts, planClients } from "./client-plan.ts";
import { settle } from "./settle.ts";

const connectMs = 40_000;
const lookMs = 250;

/** Streams end for no other reason than that they are shed. */
const lastingStreams = { STREAM_SECONDS: "0", IDLE_SECONDS: "0" };

/** What a scale-out is made of. */
export interface ScaleOutOptions {
  readonly from: number;
  readonly to: number;
  readonly clients: ClientCounts;
  /** Events per second. */
  readonly rate: number;
  readonly shedSeconds: number;
  /** How long it is watched, and how much longer than it takes to hold the bar. */
  readonly watch: { readonly seconds: number; readonly moreSeconds: number };
  /** Called about every second. */
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
  /** When no node had over 1.3 times the mean any more, for the rest of the time; infinity where some had. */
  readonly evenAfterSeconds: number;
  readonly last: Look;
  /** The streams that nodes ended; how many within the fullest second. */
  readonly ended: number;
  readonly endedAtOnce: number;
}

/** The bar: the most that a node may have beside the mean. */
const bar = 1.3;

/** Starts more nodes while clients of all kinds listen, watches the streams spread, and judges what each client got. */
export async function runScaleOut(options: ScaleOutOptions): Promise<ScaleOutOutcome> {
  const clients = await planClients(options.clients);
  const stage = await ChaosStage.open({
    clients,
    seed: 1,
    rate: options.rate,
    bulk: false,
    nodes: { count: options.to, down: options.to - options.from },
    env: { ...lastingStreams, SHED_SECONDS: String(options.shedSeconds) },
  });
  const { crowds, writers, journal, balancer, nodes } = stage;
  try {
    await waitUntil(() => crowds.absent().length === 0, "all clients to be connected", connectMs);
    writers.start();
    const added = Array.from({ length: options.to - options.from }, (_, index) => options.from + index);
    await Promise.all(added.map((node) => nodes.launch(node)));
    const spread = await watchSpread(stage, options);
    return {
      ...spread,
      ...endingsOf(balancer.streams),
      clients,
      verdicts: await settle(stage),
      events: writers.events,
      journal,
      timelines: crowds.timelines,
      streams: balancer.streams,
      nodeOutput: nodes.output(),
    };
  } finally {
    await stage.close();
  }
}

async function watchSpread(
  { balancer }: ChaosStage,
  { to, watch, onLook }: ScaleOutOptions,
): Promise<Pick<ScaleOutOutcome, "evenAfterSeconds" | "last">> {
  const startMs = performance.now();
  for (let evenAfterSeconds = Number.POSITIVE_INFINITY; ; await delay(lookMs)) {
    const seconds = (performance.now() - startMs) / 1_000;
    const last = { seconds, ...spreadOf(balancer.streams, to) };
    onLook?.(last);
    if (last.peak > bar) evenAfterSeconds = Number.POSITIVE_INFINITY;
    else evenAfterSeconds = Math.min(evenAfterSeconds, seconds);
    if (seconds > Math.min(watch.seconds, evenAfterSeconds + watch.moreSeconds)) {
      return { evenAfterSeconds, last };
    }
  }
}

/** The streams that are open, as the balancer sees them. */
function spreadOf(records: readonly StreamRecord[], nodes: number): Omit<Look, "seconds"> {
  const streams = Array<number>(nodes).fill(0);
  let sum = 0;
  for (const { node, status, endedBy } of records) {
    if (status !== 200 || endedBy !== undefined) continue;
    streams[node] = (streams[node] ?? 0) + 1;
    sum += 1;
  }
  return { streams, peak: (Math.max(...streams) * nodes) / sum };
}

function endingsOf(records: readonly StreamRecord[]): Pick<ScaleOutOutcome, "ended" | "endedAtOnce"> {
  const ended = records.filter(({ endedBy }) => endedBy === "node");
  const seconds = Map.groupBy(ended, ({ endedMs }) => Math.floor(endedMs / 1_000));
  return { ended: ended.length, endedAtOnce: Math.max(0, ...[...seconds.values()].map((all) => all.length)) };
}
