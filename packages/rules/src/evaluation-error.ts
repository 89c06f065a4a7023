/** Thrown where SQLite would fail while it runs a query: nobody gets anything. */
export class EvaluationError extends Error {
  readonly code = "evaluation_failed";

  constructor(message: string) {
    super(message);
    this.name = "EvaluationError";
  }
}

/** Thrown where a verdict takes a value that the request does not bring. */
export class MissingDataError extends Error {
  readonly code = "missing_data";

  constructor(name: string) {
    super(`expected ${name} to be known`);
    this.name = "MissingDataError";
  }
}
