import { execFile } from "node:child_process";

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** How a command ended. */
export interface Outcome {
  readonly succeeded: boolean;
  /** What it wrote, to both. */
  readonly output: string;
}

/** Longer than a compiler takes that has nothing compiled yet, on a busy machine. */
const limitMs = 240_000;

/** Runs a command to its end; one that does not end is killed. */
export function run(
  [program, ...args]: Command,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const options = { cwd, env: { ...process.env, ...env }, timeout: limitMs, encoding: "utf8" } as const;
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const reason = error === null || typeof error.code === "number" ? "" : error.message;
      resolve({ succeeded: error === null, output: stdout + stderr + reason });
    });
    child.stdin?.end();
  });
}
