import { setTimeout as delay } from "node:timers/promises";
import { SeededChoice } from "../harness/seeded-choice.ts";
import type { ChaosStage } from "./chaos-stage.ts";
import type { ClientPlan } from "./client-plan.ts";
import type { Fault, FaultChoice, PlannedFault } from "./fault.ts";
import { networkFaults } from "./network-faults.ts";
import { nodeFaults } from "./node-faults.ts";
import { redisFaults } from "./redis-faults.ts";

/** Faults of different lanes happen at the same time, those of one lane one after the other. */
const lanes: readonly (readonly Fault[])[] = [nodeFaults, redisFaults, networkFaults];

/** The longest pause between two faults of a lane. */
const maxPauseMs = 1_500;

/** All names of faults. */
export const faultNames: readonly string[] = lanes.flat().map(({ name }) => name);

/** What is needed to choose the faults of a run. */
export interface FaultPlanOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly nodes: number;
  readonly clients: readonly ClientPlan[];
  /** The names of the faults to choose from; nothing for all. */
  readonly only?: readonly string[] | undefined;
}

interface Step {
  readonly pauseMs: number;
  readonly fault: PlannedFault;
}

/** All faults of a run, chosen before it begins: the same seed makes the same plan. */
export class FaultPlan {
  readonly #lanes: readonly (readonly Step[])[];
  readonly #seconds: number;

  constructor({ seed, seconds, nodes, clients, only }: FaultPlanOptions) {
    this.#seconds = seconds;
    const wanted = lanes.map((faults) => faults.filter(({ name }) => only?.includes(name) ?? true));
    this.#lanes = wanted
      .filter((faults) => faults.length > 0)
      .map((faults, lane) => {
        const choice = new SeededChoice(seed * 100 + lane);
        return planLane(faults, seconds, faultChoice(choice, { nodes, clients }));
      });
  }

  /** One line for each fault, lane by lane; those at the ends may come too late to happen. */
  get lines(): readonly string[] {
    return this.#lanes.flatMap((steps, lane) =>
      steps.map(({ pauseMs, fault }) => `lane ${lane}: after ${pauseMs} ms ${fault.text}`),
    );
  }

  /** Has it all happen; returns when everything is healed. */
  async run(stage: ChaosStage): Promise<void> {
    const untilMs = performance.now() + this.#seconds * 1_000;
    const runLane = async (steps: readonly Step[]): Promise<void> => {
      for (const { pauseMs, fault } of steps) {
        await delay(pauseMs);
        if (performance.now() > untilMs) return;
        stage.journal.note(fault.text);
        await fault.run(stage);
        stage.journal.note(`over: ${fault.text}`);
      }
    };
    await Promise.all(this.#lanes.map(runLane));
  }
}

/** As many faults as fit, however short they are. */
function planLane(faults: readonly Fault[], seconds: number, choice: FaultChoice): readonly Step[] {
  const steps: Step[] = [];
  const drawn = faults.flatMap((fault) => Array<Fault>(fault.weight).fill(fault));
  for (let pausedMs = 0; pausedMs < seconds * 1_000; pausedMs += steps.at(-1)?.pauseMs ?? 0) {
    const pauseMs = choice.between(maxPauseMs / 5, maxPauseMs);
    steps.push({ pauseMs, fault: choice.of(drawn).plan(choice) });
  }
  return steps;
}

function faultChoice(
  choice: SeededChoice,
  { nodes, clients }: Pick<FaultChoice, "nodes" | "clients">,
): FaultChoice {
  return {
    nodes,
    clients,
    between: (least, most) => least + choice.integer(most - least + 1),
    of: (items) => choice.of(items),
  };
}
