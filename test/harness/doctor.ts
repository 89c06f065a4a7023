import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));

/** What a command left behind. */
export interface CommandRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `sluice doctor` in a process of its own.
 * @param onProgress given what it writes to standard error, while it runs
 */
export function runDoctor(
  args: readonly string[],
  onProgress: (text: string) => void = () => undefined,
): Promise<CommandRun> {
  const { promise, resolve } = Promise.withResolvers<CommandRun>();
  const child = execFile(process.execPath, [command, "doctor", ...args], (error, stdout, stderr) =>
    resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
  );
  child.stderr?.on("data", onProgress);
  return promise;
}

/** Lines that mend one proxy, as `--json` has them. */
export interface AdvisedLines {
  readonly proxy: string;
  readonly where: string;
  readonly lines: readonly string[];
}

interface Finding {
  readonly check: string;
  readonly verdict: string;
  readonly says: string;
  readonly remedies: readonly AdvisedLines[];
}

/** What the doctor said. */
export interface Examination {
  readonly status: number;
  /** The checks with something wrong. */
  readonly wrong: readonly string[];
  /** Verdict and words of a check; empty where it was not made. */
  readonly of: (check: string) => string;
  /** What it advises for a proxy. */
  readonly advice: (check: string, proxy: string) => AdvisedLines;
}

/** Has the doctor look at an address, with a quiet stream for 1 s unless told otherwise. */
export async function examine(url: string, ...args: readonly string[]): Promise<Examination> {
  const { status, stdout } = await runDoctor([url, "--seconds", "1", "--json", ...args]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  const findings = lines.map((line): Finding => JSON.parse(line));
  const find = (check: string): Finding | undefined => findings.find((finding) => finding.check === check);
  return {
    status,
    wrong: findings.filter(({ verdict }) => verdict === "wrong").map(({ check }) => check),
    of: (check) => {
      const finding = find(check);
      return finding === undefined ? "" : `${finding.verdict}: ${finding.says}`;
    },
    advice: (check, proxy) => {
      const advised = find(check)?.remedies.find((remedy) => remedy.proxy === proxy);
      if (advised === undefined) throw new TypeError(`expected lines for ${proxy} against ${check}`);
      return advised;
    },
  };
}
