import { fileURLToPath } from "node:url";

/** A piece of one production module, and what stands there instead where it is sabotaged. */
export interface Replacement {
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

/** What can be broken in the nodes on purpose, to see that a run reports it. */
export const sabotages = {
  resume: [],
  anchor: [],
  seam: [],
} as const satisfies Record<string, readonly Replacement[]>;

export type Sabotage = keyof typeof sabotages;

/** Flags of Node that sabotage what the variable `SABOTAGE` names. */
export const sabotageFlags: readonly string[] = [
  "--import",
  fileURLToPath(new URL("sabotage.ts", import.meta.url)),
];
