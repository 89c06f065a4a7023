import { once } from "node:events";

/** What every command is given that prints results. */
export interface OutputOptions {
  readonly json?: boolean;
}

/** One for all who wait: each would be a listener. */
let drained: Promise<unknown> | undefined;

/** Writes data to standard output; returns when it takes more. */
export async function print(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  drained ??= once(process.stdout, "drain").finally(() => (drained = undefined));
  await drained;
}

/** Prints a result: with `--json` as JSON on a line of its own, else as text. */
export function printResult({ json }: OutputOptions, value: unknown, text: string): Promise<void> {
  return print(`${json ? JSON.stringify(value) : text}\n`);
}

/** Lines of a name and what is to be said of it, one below the other. */
export function describeRows(rows: readonly (readonly [name: string, text: string])[]): string {
  return rows.map(([name, text]) => `${name.padEnd(12)} ${text}`).join("\n");
}

/** Writes words for people to standard error. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
