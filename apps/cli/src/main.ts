#!/usr/bin/env node
import { say } from "./output.ts";
import { runProgram } from "./program.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // whoever reads may have enough, as `head` has
  if (error.code === "EPIPE") process.exit();
  say(`error: standard output: ${error.message}`);
  process.exit(1);
});

await runProgram(process.argv.slice(2));
