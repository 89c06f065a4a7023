import type { BalancerName } from "../harness/real-balancer.ts";
import { type ChaosOutcome, judgeRun } from "./chaos-run.ts";
import type { ChaosStage } from "./chaos-stage.ts";
import { type ClientPlan, planClients } from "./client-plan.ts";
import { faultyCounts } from "./tally.ts";
import { talliesOf } from "./report.ts";

/** What a rolling restart is made of. */
export interface RollPlan {
  /** Stands in front of the nodes. */
  readonly balancer: BalancerName;
  /** How many official SDKs listen, as they are. */
  readonly clients: number;
  /**
   * Gives each client a subscription that no other has. Clients that are alike are told apart by time alone, and on a
   * machine that is busy with other things one may be back too late.
   */
  readonly tellsApart?: boolean;
  /** Events per second. */
  readonly rate: number;
  readonly drainSeconds: number;
  readonly seed: number;
  /** Called for every line about what happens. */
  readonly onLine?: (text: string) => void;
}

/** One node's restart: what its process left with, and how long it took from SIGTERM until then. */
interface Restart {
  readonly node: number;
  readonly exitCode: number | null;
  readonly seconds: number;
}

/** What came of a rolling restart. */
export interface RollOutcome extends ChaosOutcome {
  readonly restarts: readonly Restart[];
  /** All that is not as it has to be, a line for each; none where nobody noticed anything. */
  readonly complaints: readonly string[];
}

/** How much longer than its drain a node may take to leave. */
const graceSeconds = 5;

/** A node as it runs by default, but for the drain. */
const defaults = {
  HEARTBEAT_SECONDS: "20",
  STREAM_SECONDS: "1800",
  STALL_SECONDS: "30",
  MAX_OUTBOX_BYTES: "1048576",
};

/** Restarts all nodes, one after the other, while SDKs listen and writers write. */
export async function rollNodes({
  balancer,
  clients,
  rate,
  drainSeconds,
  tellsApart = false,
  seed,
  onLine,
}: RollPlan): Promise<RollOutcome> {
  const planned = await planClients({ native: 0, stock: clients, resume: 0 });
  const plans = tellsApart ? planned.map(distinct) : planned;
  const env = { ...defaults, DRAIN_SECONDS: String(drainSeconds) };
  const restarts: Restart[] = [];
  const outcome = await judgeRun(
    { realBalancer: balancer, clients: plans, rate, seed, env, onLine },
    async (stage) => {
      for (const node of stage.nodes.urls.keys()) restarts.push(await restart(stage, node));
    },
  );
  return { ...outcome, restarts, complaints: complaintsAbout(outcome, restarts, drainSeconds) };
}

function distinct(plan: ClientPlan): ClientPlan {
  return { ...plan, subscriptions: [...plan.subscriptions, `only-${plan.number}`] };
}

async function restart({ nodes, journal }: ChaosStage, node: number): Promise<Restart> {
  const startMs = performance.now();
  const elapsedSeconds = (): number => (performance.now() - startMs) / 1_000;
  journal.note(`SIGTERM to node ${node}`);
  const exitCode = await nodes.terminate(node);
  const seconds = elapsedSeconds();
  await nodes.launch(node);
  const backSeconds = elapsedSeconds().toFixed(1);
  journal.note(
    `node ${node} left with ${exitCode} after ${seconds.toFixed(1)} s, back after ${backSeconds} s`,
  );
  return { node, exitCode, seconds };
}

function complaintsAbout(
  outcome: ChaosOutcome,
  restarts: readonly Restart[],
  drainSeconds: number,
): readonly string[] {
  const { stock } = talliesOf(outcome);
  // nothing but the restarts happened: nothing excuses a missing event, and no SDK has a reason to give up
  const counts = [...faultyCounts, "excused", "revived"] as const;
  const limitSeconds = drainSeconds + graceSeconds;
  return [
    ...counts.filter((count) => stock[count] > 0).map((count) => `${count}: expected 0, got ${stock[count]}`),
    ...restarts
      .filter(({ exitCode }) => exitCode !== 0)
      .map(({ node, exitCode }) => `node ${node}: expected exit code 0, got ${exitCode}`),
    ...restarts
      .filter(({ seconds }) => seconds > limitSeconds)
      .map(
        ({ node, seconds }) =>
          `node ${node}: expected at most ${limitSeconds} s, got ${seconds.toFixed(1)} s`,
      ),
  ];
}
