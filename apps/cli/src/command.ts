import { Command } from "commander";
import { ArgumentError } from "./command-error.ts";

/**
 * Makes a command that prints results, with the option `--json`.
 * @param description its first clause alone stands in the list of commands
 * @param examples what is typed, and what that is for
 */
export function createCommand(
  name: string,
  description: string,
  examples: Readonly<Record<string, string>>,
): Command {
  const lines = Object.entries(examples).map(([line, purpose]) => `  ${line}\n      ${purpose}`);
  return new Command(name)
    .summary(/^[^.:;]+/.exec(description)?.[0] ?? "")
    .description(description)
    .option("--json", "for machines: each result as JSON on a line of its own")
    .addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** Whether an option stands on the command line, and is not only in the environment. */
export function isGiven(command: Command, option: string): boolean {
  return command.getOptionValueSource(option) === "cli";
}

/**
 * Makes a reader of an option's whole number.
 * @param option with its dashes
 */
export function wholeNumber(option: string, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : 0;
    if (number >= 1 && number <= most) return number;
    const range = most === Number.MAX_SAFE_INTEGER ? "1 or more" : `from 1 to ${most}`;
    throw new ArgumentError(`${option}: expected a whole number, ${range}, got ${text}`);
  };
}

/** Reads an option that may be given several times: what is behind it is not taken for more of it. */
export function gather(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
