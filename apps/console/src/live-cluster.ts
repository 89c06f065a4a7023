import { computed, signal } from "@preact/signals";
import type { ConsoleReport } from "@sluice/protocol";
import { Cluster, silentAfterMs } from "./cluster.ts";
import { EventTail } from "./event-tail.ts";
import { checkSession, gateway } from "./session.ts";

const cluster = new Cluster();
const tail = new EventTail();
/** Unix milliseconds, to the second. */
export const now = signal(Date.now());
/** When a node was last heard, likewise. */
export const heardAt = signal<number | undefined>(undefined);
export const { events } = tail;
export const { nodes, samples, topics } = cluster;

/** Whether the nodes are heard. */
export const link = computed(() => {
  if (heardAt.value === undefined) return "connecting";
  return now.value - heardAt.value < silentAfterMs ? "live" : "lost";
});

/** Listens to what the nodes tell. Returns what ends that. */
export function followCluster(): () => void {
  let isWanted = true;
  const timer = setInterval(tick, 1_000);
  void subscribe(() => isWanted);
  return () => {
    isWanted = false;
    clearInterval(timer);
    heardAt.value = undefined;
    void gateway.realtime.unsubscribe("@stats");
  };
}

/** How long after a failure it is tried again. */
const retryMs = 2_000;

async function subscribe(isWanted: () => boolean): Promise<void> {
  while (isWanted()) {
    try {
      await gateway.realtime.subscribe("@stats", take);
      return;
    } catch {
      // what the SDK has once reached it reaches again by itself; before that it gives up
      await gateway.realtime.unsubscribe("@stats");
      await new Promise((resolve) => void setTimeout(resolve, retryMs));
    }
  }
}

function take(report: ConsoleReport): void {
  heardAt.value = Date.now();
  if (report.kind === "events") tail.take(report);
  else if (report.kind === "node") cluster.take(report, performance.now());
}

function tick(): void {
  now.value = Date.now();
  cluster.sample(performance.now(), now.value);
  if (link.value === "lost" && Math.round(now.value / 1_000) % 5 === 0) void checkSession();
}
