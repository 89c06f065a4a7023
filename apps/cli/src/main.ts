#!/usr/bin/env node
import { runProgram } from "./program.ts";

// whoever reads may have enough, as `head` has
process.stdout.on("error", () => process.exit());

await runProgram(process.argv.slice(2));
