import { attempt, EvaluationError } from "./evaluation-error.ts";

/**
 * Most work of one evaluation, in units of about ten nanoseconds. A rule on an ordinary record takes a few; a hostile
 * filter on a record of a megabyte would take billions.
 */
const maxWork = 2_000_000;

/** Most joined rows that one evaluation looks at, at any of their nodes. */
const maxRows = 10_000;

let left = maxWork;
let rowsLeft = maxRows;

/** Begins the account of one evaluation, which runs to its end before another one begins. */
export function beginWork(rows = maxRows): void {
  left = maxWork;
  rowsLeft = rows;
}

/** Carries out one evaluation on an account of its own: what others have spent is none of its business. */
export function evaluate<T>(find: () => T, rows = maxRows): T | "failed" {
  beginWork(rows);
  return attempt(find);
}

/**
 * Notes work before it is done.
 * @throws {EvaluationError} where it is too much for one evaluation
 */
export function work(units: number): void {
  left -= units;
  if (left < 0) throw new EvaluationError("expected a rule that is quick on this record");
}

/**
 * Notes that one more joined row is looked at, at the price of so many units.
 * @throws {EvaluationError}
 */
export function workOnRow(units: number): void {
  rowsLeft -= 1;
  if (rowsLeft < 0) throw new EvaluationError(`expected at most ${maxRows} rows`);
  work(units);
}

/** Texts that are shorter are no work worth a note. */
const shortText = 1_000;

/** Notes that a text is read once, at so many units for a thousand characters. */
export function workOnText(length: number, unitsPerThousand: number): void {
  if (length > shortText) work((length / 1_000) * unitsPerThousand);
}
