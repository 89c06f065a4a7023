/** Thrown where an argument or option is not what was expected; the command ends with status 2. */
export class ArgumentError extends Error {
  readonly code = "bad_argument";

  constructor(message: string) {
    super(message);
    this.name = "ArgumentError";
  }
}

/** Thrown where what a command was given to work on is not what was expected; it ends with status 1. */
export class InputError extends Error {
  readonly code = "bad_input";

  constructor(message: string) {
    super(message);
    this.name = "InputError";
  }
}

/** Thrown where a gateway cannot be reached, or cannot answer; the command ends with status 3. */
export class UnreachableError extends Error {
  readonly code = "unreachable";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UnreachableError";
  }
}

/** An error's message, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
