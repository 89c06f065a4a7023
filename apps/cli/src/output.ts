import { once } from "node:events";

/** One for all who wait: each would be a listener. */
let drained: Promise<unknown> | undefined;

/** Writes data to standard output; returns when it takes more. */
export async function print(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  drained ??= once(process.stdout, "drain").finally(() => (drained = undefined));
  await drained;
}

/** Writes data for machines: a value as JSON on one line. */
export function printJson(value: unknown): Promise<void> {
  return print(`${JSON.stringify(value)}\n`);
}

/** Writes words for people to standard error. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
