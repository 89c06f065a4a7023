import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { waitUntil } from "../harness/wait-until.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A bridge in a process of its own. */
export interface BridgeProcess {
  /** What it has logged so far. */
  readonly output: () => string;
  /** How often it has come into step with PocketBase. */
  readonly timesInStep: () => number;
  /** SIGTERM; returns its exit code when it has left. */
  readonly stop: () => Promise<number | null>;
  /** SIGKILL; returns when the process is gone. */
  readonly kill: () => Promise<void>;
}

/** Starts a bridge; its settings by their environment names. It may end by itself where they are bad. */
export function spawnBridge(
  env: Readonly<Record<string, string>>,
): BridgeProcess & { readonly process: ChildProcess } {
  const child = spawn(process.execPath, ["apps/bridge/src/main.ts"], {
    cwd: root,
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const collect = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      child.kill(signal);
      await exit;
    }
    return child.exitCode;
  };
  return {
    process: child,
    output: () => output,
    timesInStep: () => output.split('"in step with PocketBase"').length - 1,
    stop: () => end("SIGTERM"),
    kill: async () => void (await end("SIGKILL")),
  };
}

/** Starts a bridge and waits until it is in step with PocketBase. */
export async function startBridge(env: Readonly<Record<string, string>>): Promise<BridgeProcess> {
  const bridge = spawnBridge(env);
  await waitUntil(
    () => bridge.timesInStep() > 0 || bridge.process.exitCode !== null,
    "the bridge to be in step",
    20_000,
  );
  if (bridge.process.exitCode !== null) throw new Error(`the bridge ended at its start:\n${bridge.output()}`);
  return bridge;
}
