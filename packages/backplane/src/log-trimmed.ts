import { BackplaneError } from "./backplane-error.ts";

/** What a reading of the log ends with that was slower than the log is trimmed: what was written meanwhile is not known. */
export function logTrimmed(): BackplaneError {
  return new BackplaneError(
    "the log was trimmed, or lost, past the entry up to which it was read: expected it to be read sooner, or a longer log (LOG_SECONDS, LOG_ENTRIES)",
  );
}
