/** Thrown where an argument or option is not what was expected; the command ends with status 2. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";
  readonly code = "bad_argument";
}

/** Thrown where what a command was given to work on is not what was expected; it ends with status 1. */
export class InputError extends Error {
  override readonly name = "InputError";
  readonly code = "bad_input";
}

/** Thrown where a gateway cannot be reached, or cannot answer; the command ends with status 3. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
  readonly code = "unreachable";
}

/** An error's message, whatever was thrown. */
export function messageOf(error: unknown): string {
  // of a name with several addresses Node says only in parts what became of each
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
