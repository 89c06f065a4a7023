import { BackplaneError } from "@sluice/backplane";
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { benchCommand } from "./bench.ts";
import { checkRecordsCommand } from "./check-records.ts";
import { collectionsCommand } from "./collections.ts";
import { ArgumentError, InputError, messageOf, UnreachableError } from "./command-error.ts";
import { doctorCommand } from "./doctor/doctor.ts";
import { explainCommand } from "./explain.ts";
import { say } from "./output.ts";
import { publishCommand } from "./publish.ts";
import { redisCheckCommand } from "./redis-check.ts";
import { seedCommand } from "./seed.ts";
import { tailCommand } from "./tail.ts";
import { tokenCommand } from "./token.ts";

/** All commands, in the order in which the help shows them; a new one is a line here. */
const commands = [
  tokenCommand,
  publishCommand,
  tailCommand,
  explainCommand,
  collectionsCommand,
  seedCommand,
  checkRecordsCommand,
  redisCheckCommand,
  doctorCommand,
  benchCommand,
];

const exitStatus = `
Exit status:
  0  good
  1  the answer is no: a check failed, the event is not delivered, the input is bad, or the gateway refuses
  2  the command line is not what was expected
  3  Redis or the gateway cannot be reached, or cannot do it

Data goes to standard output, words to standard error. "sluice help COMMAND" shows options and examples.`;

/**
 * Runs a command line, and leaves its status in the process's.
 * @param args what stands behind `sluice`
 * @throws what is no failure of a command's own
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = statusOf(error);
    // commander has said it
    if (!(error instanceof CommanderError)) say(`error: ${messageOf(error)}`);
    if (error instanceof ArgumentError) say('"sluice help COMMAND" shows options and examples');
  }
}

/** Makes the command line `sluice`. It throws a `CommanderError` instead of leaving. */
export function createProgram(): Command {
  const program = new Command("sluice")
    .description("Publishes to, looks into and checks a Sluice deployment.")
    .version(manifest.version)
    .addHelpText("after", exitStatus)
    .exitOverride()
    .hook("preAction", (_program, command) => forgetEmpty(command))
    // the value of an option with a typing mistake may be a secret
    .configureOutput({
      outputError: (text, write) => write(text.replace(/(unknown option '[^'=]+)=[^\n]*'/, "$1=…'")),
    });
  for (const create of commands) adopt(program, create());
  return program;
}

function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ArgumentError) return 2;
  if (error instanceof InputError) return 1;
  if (error instanceof UnreachableError || error instanceof BackplaneError) return 3;
  throw error;
}

/** A variable that is empty, as in `REDIS_URL=`, counts as not set. */
function forgetEmpty(command: Command): void {
  for (const [name, value] of Object.entries(command.opts())) {
    const isEmpty = value === "" && command.getOptionValueSource(name) === "env";
    if (isEmpty) command.setOptionValue(name, undefined);
  }
}

/** Adds a command, and has it and its own behave as the program does. */
function adopt(parent: Command, command: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) child.copyInheritedSettings(command);
  parent.addCommand(command);
}
