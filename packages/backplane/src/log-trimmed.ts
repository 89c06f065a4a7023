import { BackplaneError } from "./backplane-error.ts";

/** What a seeding ends with that took longer than the log lasts: rows that were written meanwhile are not known. */
export function logTrimmed(): BackplaneError {
  return new BackplaneError(
    "the log was trimmed, or lost, past the place where the seeding began: expected the rows sooner, or a longer log (LOG_SECONDS, LOG_ENTRIES)",
  );
}
