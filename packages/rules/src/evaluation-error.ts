/** Thrown where SQLite would fail while it runs a query: nobody gets anything. */
export class EvaluationError extends Error {
  readonly code = "evaluation_failed";

  constructor(message: string) {
    super(message);
    this.name = "EvaluationError";
  }
}
