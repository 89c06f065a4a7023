#!/usr/bin/env node
import { BackplaneError } from "@sluice/backplane";
import { CommanderError } from "commander";
import { ArgumentError, InputError, messageOf, UnreachableError } from "./command-error.ts";
import { say } from "./output.ts";
import { createProgram } from "./program.ts";

// whoever reads may have enough, as `head` has
process.stdout.on("error", () => process.exit());

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
  // commander has said it
  if (!(error instanceof CommanderError)) say(`error: ${messageOf(error)}`);
  if (error instanceof ArgumentError) say('"sluice help COMMAND" shows options and examples');
}

/** What is no failure of a command's own is thrown on. */
function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ArgumentError) return 2;
  if (error instanceof InputError) return 1;
  if (error instanceof UnreachableError || error instanceof BackplaneError) return 3;
  throw error;
}
