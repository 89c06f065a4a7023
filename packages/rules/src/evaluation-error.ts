/** Thrown where SQLite would fail while it runs a query: nobody gets anything. */
export class EvaluationError extends Error {
  readonly code = "evaluation_failed";

  constructor(message: string) {
    super(message);
    this.name = "EvaluationError";
  }
}

/** Carries out what may be too much work, or not possible. */
export function attempt<T>(evaluate: () => T): T | "failed" {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof EvaluationError) return "failed";
    throw error;
  }
}
