import { vi } from "vitest";
import { runProgram } from "../../apps/cli/src/program.ts";
import type { SluiceResult } from "./sluice-command.ts";

/** What commands look for in the environment. */
const variables = [
  "REDIS_URL",
  "KEY_PREFIX",
  "AUTH_SECRET",
  "AUTH_ISSUER",
  "AUTH_AUDIENCE",
  "COLLECTIONS_FILE",
  "SLUICE_URL",
  "SLUICE_TOKEN",
];

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `sluice` to its end in this process, which is ten times as quick as one of its own, and one after the other: each
 * has the process's output to itself. For what reads standard input, or is interrupted, there is `runSluice`.
 * @param env what it finds in the environment
 */
export function callSluice(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<SluiceResult> {
  const result = last.then(() => call(args, env));
  last = result.catch(() => undefined);
  return result;
}

async function call(args: readonly string[], env: Readonly<Record<string, string>>): Promise<SluiceResult> {
  const texts = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      texts[name] += String(text);
      return true;
    }),
  );
  for (const name of variables) vi.stubEnv(name, env[name]);
  const { exitCode } = process;
  process.exitCode = 0;
  try {
    await runProgram(args);
    return { ...texts, status: process.exitCode };
  } finally {
    process.exitCode = exitCode;
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
}
