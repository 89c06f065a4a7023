import { waitUntil } from "../harness/wait-until.ts";
import type { StreamRecord } from "./balancer.ts";
import { ChaosStage, nodeCount, type StagePlan } from "./chaos-stage.ts";
import { type ClientCounts, type ClientPlan, planClients } from "./client-plan.ts";
import { FaultPlan } from "./fault-plan.ts";
import type { Journal } from "./journal.ts";
import type { Verdict } from "./judge.ts";
import type { Mark } from "./mark.ts";
import type { Sabotage } from "./sabotages.ts";
import { settle } from "./settle.ts";
import type { WrittenEvent } from "./written-event.ts";

/** Large events, so many at once that the outbox of who stands still runs over, behind what the kernel takes. */
const bulk = { events: 120, bytes: 80_000, everyMs: 5_000 };

/** How long all clients may take to be connected at the beginning. */
const connectMs = 40_000;

/** What a run is made of. */
export interface ChaosOptions {
  readonly seed: number;
  /** How long faults happen. */
  readonly seconds: number;
  readonly clients: ClientCounts;
  /** Events per second. */
  readonly rate: number;
  /** The names of the faults to choose from; nothing for all. */
  readonly only?: readonly string[] | undefined;
  /** What is broken in the nodes on purpose. */
  readonly sabotage?: Sabotage | undefined;
  /** Called for every line about what happens. */
  readonly onLine?: (text: string) => void;
}

/** What a run came to. */
export interface ChaosOutcome {
  readonly clients: readonly ClientPlan[];
  readonly verdicts: readonly Verdict[];
  readonly events: readonly WrittenEvent[];
  readonly journal: Journal;
  /** By the clients' numbers. */
  readonly timelines: readonly (readonly Mark[])[];
  readonly streams: readonly StreamRecord[];
  /** What the nodes have logged. */
  readonly nodeOutput: string;
}

/** Has clients listen and writers write while everything breaks, heals everything, and judges what each client got. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { seed, seconds, only } = options;
  const clients = await planClients(options.clients);
  const plan = new FaultPlan({ seed, seconds, only, nodes: nodeCount, clients });
  for (const line of plan.lines) options.onLine?.(`plan: ${line}`);
  return judgeRun({ ...options, clients, bulk, env: { SHED_SECONDS: "180" } }, (stage) => plan.run(stage));
}

/**
 * Has clients listen and writers write while something happens, and judges what each client got.
 * @param happen returns when everything is healed
 */
export async function judgeRun(
  plan: StagePlan,
  happen: (stage: ChaosStage) => Promise<void>,
): Promise<ChaosOutcome> {
  const { clients } = plan;
  const stage = await ChaosStage.open(plan);
  const { crowds, writers, journal, balancer, nodes } = stage;
  try {
    await waitUntil(
      () => crowds.absent().every(({ lateMs }) => lateMs > 0),
      "all clients to be connected",
      connectMs,
    );
    journal.note("all clients are connected");
    writers.start();
    await happen(stage);
    journal.note("everything is healed");
    return {
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
