import { EvaluationError } from "./evaluation-error.ts";
import type { Row } from "./row.ts";
import type { Side } from "./side.ts";
import type { SqlValue } from "./sql-value.ts";
import type { Span } from "./syntax.ts";
import { type ComparisonTerm, type Term, verdictOf } from "./term.ts";
import { beginWork } from "./work.ts";

/** Most values of an operand that are shown. */
const maxValues = 100;

/** A comparison that kept a rule from passing. */
export interface DecidingComparison extends Span {
  /** As it stands in the rule. */
  readonly text: string;
  /** `unknown`: a side is NULL. `missing`: a side is not at hand. `failed`: it cannot be carried out. */
  readonly verdict: "false" | "unknown" | "missing" | "failed";
  readonly left: OperandValue;
  readonly right: OperandValue;
}

/** One side of a comparison. */
export interface OperandValue {
  /** As it stands in the rule. */
  readonly text: string;
  /**
   * What it is, as SQLite sees it, a bool as 1 or 0; the values of a multiple one, 100 at most; nothing where it is not at hand, or
   * not for filters.
   */
  readonly value?: SqlValue | readonly SqlValue[];
}

/** Finds the comparisons for which a term does not pass on a row: one of `&&`, all of `||`. */
export function decidingComparisons(term: Term, row: Row, rule: string): readonly DecidingComparison[] {
  const verdict = verdictOf(term, row);
  if (verdict === true) return [];
  switch (term.kind) {
    case "||":
      return term.terms.flatMap((alternative) => decidingComparisons(alternative, row, rule));
    case "&&": {
      const failing = term.terms.filter((part) => verdictOf(part, row) !== true);
      const deciding = failing.find((part) => verdictOf(part, row) === verdict) ?? failing[0];
      return deciding === undefined ? [] : decidingComparisons(deciding, row, rule);
    }
    case "comparison":
      return [describe(term, row, rule)];
  }
}

function describe(term: ComparisonTerm, row: Row, rule: string): DecidingComparison {
  const { left, right, ...own } = term.syntax;
  const { listRule } = term.origin;
  const text = listRule?.text ?? rule;
  return {
    text: text.slice(own.start, own.end),
    // a list rule counts where the filter joins what it guards
    start: listRule?.start ?? own.start,
    end: listRule?.start ?? own.end,
    verdict: nameOf(verdictOf(term, row)),
    left: { text: text.slice(left.start, left.end), ...valueOf(term.left, row) },
    right: { text: text.slice(right.start, right.end), ...valueOf(term.right, row) },
  };
}

function nameOf(verdict: ReturnType<typeof verdictOf>): DecidingComparison["verdict"] {
  if (verdict === "failed") return "failed";
  if (verdict === undefined) return "missing";
  return verdict === null ? "unknown" : "false";
}

function valueOf(side: Side, row: Row): Pick<OperandValue, "value"> {
  const { get, values, isMissing, guard } = side;
  if (isMissing?.(row) === true || guard?.(row) === false) return {};
  try {
    beginWork();
    const value = values?.(row)?.slice(0, maxValues) ?? get(row);
    return { value };
  } catch (error) {
    if (error instanceof EvaluationError) return {};
    throw error;
  }
}
