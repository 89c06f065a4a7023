import { missingOfDocker } from "./docker.ts";

/** @throws {Error} where tests with containers cannot run, saying what is missing */
export function setup(): void {
  const missing = missingOfDocker();
  if (missing !== undefined) throw new Error(`Tests with containers need Docker, and there is ${missing}.`);
}
