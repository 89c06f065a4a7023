import { missingOfDocker } from "./docker.ts";

// For .ci/run: exits with 1, and says in one line why, where tests with containers cannot run.

const missing = missingOfDocker();
if (missing !== undefined) {
  process.stdout.write(`Tests with containers are left out: there is ${missing}.\n`);
  process.exitCode = 1;
}
