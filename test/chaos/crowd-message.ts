import type { ClientKind, ClientPlan } from "./client-plan.ts";
import type { Mark } from "./mark.ts";

/** What the process of a crowd is told: to open its clients, or to have one read nothing for a while. */
export type CrowdOrder =
  | {
      readonly type: "start";
      readonly kind: ClientKind;
      readonly balancerUrl: string;
      readonly clients: readonly ClientPlan[];
      readonly seed: number;
    }
  | { readonly type: "stall"; readonly client: number; readonly forMs: number };

/** What it tells: marks of its clients by their numbers, in the order in which they came about. */
export interface CrowdReport {
  readonly marks: readonly (readonly [client: number, mark: Mark])[];
}
