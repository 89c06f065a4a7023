import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";

const children = new Set<ChildProcess>();

/**
 * From now on, every process that this one starts ends with it: by its end, a failure or a signal. Also one that is
 * still starting.
 */
export function endChildrenWithMe(): void {
  subscribe("child_process", (message) => {
    if (!isStarted(message)) return;
    const child = message.process;
    children.add(child);
    child.once("exit", () => children.delete(child));
  });
  process.on("exit", () => {
    for (const child of children) child.kill("SIGKILL");
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));
}

function isStarted(message: unknown): message is { readonly process: ChildProcess } {
  return typeof message === "object" && message !== null && "process" in message;
}
