/** Thrown when a gateway cannot start, for reasons that its operator can mend. */
export class StartError extends Error {
  readonly code = "cannot_start";
  /** One line each: the setting, what was expected, what came. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join("; "), options);
    this.name = "StartError";
    this.problems = problems;
  }
}
