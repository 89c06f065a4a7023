import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { clientKinds, type ClientPlan } from "./client-plan.ts";
import type { CrowdOrder, CrowdReport } from "./crowd-message.ts";
import type { Mark } from "./mark.ts";

const processFile = fileURLToPath(new URL("crowd-process.ts", import.meta.url));

/** All clients of a run, each kind in a process of its own, and the timeline of each. */
export class Crowds {
  /** By the clients' numbers. */
  readonly timelines: readonly (readonly Mark[])[];
  readonly #plans: readonly ClientPlan[];
  readonly #processes = new Map<string, ChildProcess>();
  readonly #timelines: Mark[][];
  readonly #liveMarks: (Mark | undefined)[];

  constructor(plans: readonly ClientPlan[]) {
    this.#plans = plans;
    this.#timelines = plans.map(() => []);
    this.#liveMarks = plans.map(() => undefined);
    this.timelines = this.#timelines;
  }

  /** Begins to open all clients, at the balancer. */
  start(balancerUrl: string, seed: number): void {
    for (const kind of clientKinds) {
      const clients = this.#plans.filter((plan) => plan.kind === kind);
      if (clients.length === 0) continue;
      const child = fork(processFile, { serialization: "advanced" });
      child.on("message", ({ marks }: CrowdReport) => this.#take(marks));
      this.#processes.set(kind, child);
      order(child, { type: "start", kind, balancerUrl, clients, seed });
    }
  }

  /** Has a native client read nothing for a while. */
  stall(client: number, forMs: number): void {
    const child = this.#processes.get("native");
    if (child !== undefined) order(child, { type: "stall", client, forMs });
  }

  /** The clients whose subscriptions are not live now. */
  absent(): readonly ClientPlan[] {
    return this.#plans.filter((plan) => this.#liveMarks[plan.number]?.type !== "live");
  }

  /** @throws {TypeError} where one of the processes has ended */
  check(): void {
    for (const [kind, { exitCode }] of this.#processes) {
      if (exitCode !== null)
        throw new TypeError(`expected the ${kind} clients to go on, got exit code ${exitCode}`);
    }
  }

  async close(): Promise<void> {
    for (const child of this.#processes.values()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    }
  }

  #take(marks: CrowdReport["marks"]): void {
    for (const [client, mark] of marks) {
      this.#timelines[client]?.push(mark);
      if (mark.type === "live" || mark.type === "stream" || mark.type === "end")
        this.#liveMarks[client] = mark;
    }
  }
}

function order(child: ChildProcess, message: CrowdOrder): void {
  child.send(message);
}
