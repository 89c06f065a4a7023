import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { AbusePlan, AbuseTally } from "./abuse-plan.ts";

const file = fileURLToPath(new URL("abuser.ts", import.meta.url));

/** A process that abuses a gateway, at low priority. */
export interface Abuser {
  readonly tell: () => Promise<AbuseTally>;
  /** Ends it, its connections with it. */
  readonly stop: () => Promise<void>;
}

/** Starts to abuse a gateway. */
export function startAbuser(plan: AbusePlan): Abuser {
  const child = fork(file);
  child.send(plan);
  return {
    tell: async () => {
      child.send("tell");
      const [tally]: unknown[] = await once(child, "message");
      // what `abuser.ts` answers, and nothing else
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return tally as AbuseTally;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}
