import { BackplaneError } from "../backplane-error.ts";

/** What a caller is told of a command that Redis did not do. */
export function unavailable(error: unknown): BackplaneError {
  if (error instanceof BackplaneError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new BackplaneError(`Redis did not do it: ${reason}`, { cause: error });
}
