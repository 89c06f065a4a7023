import { CommanderError } from "commander";
import { doctorCommand } from "./doctor.ts";

try {
  await doctorCommand().exitOverride().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
