import { Command } from "commander";
import { ArgumentError } from "./command-error.ts";

/** One line of a command's help: what to type, and what it is for. */
type Example = readonly [line: string, purpose: string];

/**
 * Makes a command.
 * @param description its first clause alone stands in the list of commands
 * @param examples are shown in its help
 */
export function createCommand(name: string, description: string, examples: readonly Example[]): Command {
  const lines = examples.map(([line, purpose]) => `  ${line}\n      ${purpose}`);
  return new Command(name)
    .summary(/^[^.:;]+/.exec(description)?.[0] ?? "")
    .description(description)
    .addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** Adds the option `--json`. */
export function withJson(command: Command): Command {
  return command.option("--json", "for machines: each result as JSON on a line of its own");
}

/** Whether an option stands on the command line, and is not only in the environment. */
export function isGiven(command: Command, option: string): boolean {
  return command.getOptionValueSource(option) === "cli";
}

/** An option's value; an empty one, as in `REDIS_URL=`, counts as not set. */
export function valueOf(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
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
