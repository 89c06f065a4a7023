import { fileURLToPath } from "node:url";

/** A piece of one production module, and what stands there instead where it is sabotaged. */
export interface Replacement {
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

const resumer = "apps/gateway/src/resumer.ts";

/**
 * What can be broken in the nodes on purpose, to see that a run reports it: nobody is given what he missed (`resume`); a
 * cursor or a node's own place counts whether or not the log has it (`anchor`); what comes while a client is given what it
 * missed is not kept for it (`seam`).
 */
export const sabotages = {
  resume: [
    {
      file: "apps/gateway/src/node-handlers.ts",
      text: "if (stream?.markSubscribed(adopted !== undefined) === true) beginStream(context, stream, adopted);",
      by: "stream?.markSubscribed(false);",
    },
  ],
  anchor: [
    {
      file: "packages/backplane/src/redis/log-reader.ts",
      text: "if (anchor === undefined) return false;",
      by: "",
    },
    {
      file: "packages/backplane/src/redis/log-reader.ts",
      text: "if (entry !== undefined) return;",
      by: "return;",
    },
    {
      file: resumer,
      text: "if (extent === undefined) return;",
      by: "",
    },
    {
      file: resumer,
      text: "if (compareEntries(entry, extent.first) < 0 || compareEntries(entry, extent.last) > 0) {",
      by: "if (false) {",
    },
    {
      file: resumer,
      text: "if (order === 0) replay.join(clientId, pending);",
      by: "replay.join(clientId, pending);",
    },
  ],
  seam: [
    {
      file: "packages/hub/src/waiting-frames.ts",
      text: "this.#setNext([...this.#next, ...missed, ...waiting.filter(isNew)]);",
      by: "this.#setNext([...this.#next, ...missed]);",
    },
  ],
} as const satisfies Record<string, readonly Replacement[]>;

export type Sabotage = keyof typeof sabotages;

/** Flags of Node that sabotage what the variable `SABOTAGE` names. */
export const sabotageFlags: readonly string[] = [
  "--import",
  fileURLToPath(new URL("sabotage.ts", import.meta.url)),
];
