import type { ChaosStage } from "./chaos-stage.ts";
import type { ClientPlan } from "./client-plan.ts";

/** A fault with all its choices made; it heals what it broke before it returns. */
export interface PlannedFault {
  readonly text: string;
  readonly run: (stage: ChaosStage) => Promise<void>;
}

/** One way in which something can break. */
export interface Fault {
  readonly name: string;
  /** How often it is chosen, beside the others of its lane. */
  readonly weight: number;
  /** Makes the choices; the same seed makes the same ones. */
  readonly plan: (choice: FaultChoice) => PlannedFault;
}

/** What faults choose from. */
export interface FaultChoice {
  readonly nodes: number;
  readonly clients: readonly ClientPlan[];
  /** A whole number in a range, both ends included. */
  readonly between: (least: number, most: number) => number;
  readonly of: <T>(items: readonly T[]) => T;
}
