import { BackplaneError } from "@sluice/backplane";
import { ArgumentError } from "./explain-arguments.ts";

/** Thrown where what a command was given to work on is not what was expected. */
export class InputError extends Error {
  readonly code = "bad_input";

  constructor(message: string) {
    super(message);
    this.name = "InputError";
  }
}

/** Runs a command on this process's arguments; misuse ends it with status 2 and the help, other failures with 1. */
export async function runCommand(
  help: string,
  main: (args: readonly string[]) => Promise<void>,
): Promise<void> {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (isMisuse(error)) process.stderr.write(`${error.message}\n\n${help}`);
    else if (error instanceof InputError || error instanceof BackplaneError) {
      process.stderr.write(`${error.message}\n`);
    } else throw error;
    process.exitCode = isMisuse(error) ? 2 : 1;
  }
}

function isMisuse(error: unknown): error is Error {
  if (error instanceof ArgumentError) return true;
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}
