import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { waitUntil } from "./wait-until.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const script = `${root}apps/cli/src/main.ts`;

/** What is compiled once is not compiled for each command: that halves the time that one takes to start. */
const compileCache = `${root}node_modules/.cache/sluice-commands`;

/** What a command that has ended left. */
export interface SluiceResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Nothing where a signal ended it. */
  readonly status: number | null;
}

/** How a command is run. */
export interface SluiceStart {
  /** What it reads; standard input stays open behind it where it is told so. */
  readonly input?: string;
  readonly keepsInputOpen?: boolean;
  /** Beside the PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A command that runs. */
export interface SluiceProcess {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until standard output or standard error has a text. */
  readonly waitFor: (text: string) => Promise<void>;
  readonly end: Promise<SluiceResult>;
}

/** Starts `sluice`, in a process of its own and with no environment of this one. */
export function startSluice(args: readonly string[], start: SluiceStart = {}): SluiceProcess {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: compileCache, ...start.env },
  });
  const texts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
  child.stdin.on("error", () => undefined);
  child.stdin.write(start.input ?? "");
  if (!start.keepsInputOpen) child.stdin.end();
  const ended = async (): Promise<SluiceResult> => {
    await once(child, "close");
    return { ...texts, status: child.exitCode };
  };
  const waitFor = (text: string): Promise<void> =>
    waitUntil(
      () => texts.stdout.includes(text) || texts.stderr.includes(text),
      `sluice ${args[0]} to say ${text}`,
      15_000,
    );
  return { process: child, stdout: () => texts.stdout, stderr: () => texts.stderr, waitFor, end: ended() };
}

/** Runs `sluice` to its end. */
export function runSluice(args: readonly string[], start?: SluiceStart): Promise<SluiceResult> {
  return startSluice(args, start).end;
}

/** What a command printed with `--json`. */
export function jsonLines({ stdout }: SluiceResult): readonly unknown[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}
