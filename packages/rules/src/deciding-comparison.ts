import { testOfEach } from "./comparison.ts";
import { distanceOf, type NearestRow, rowsOf } from "./nearest-row.ts";
import { isRecord, type Row } from "./row.ts";
import type { Side } from "./side.ts";
import type { SqlValue } from "./sql-value.ts";
import type { Span } from "./syntax.ts";
import { type ComparisonTerm, type Term, verdictOf } from "./term.ts";
import { evaluate, work } from "./work.ts";

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
  /** There are more joined rows than one decision may look at: it is told for the nearest of the first. */
  readonly isPartial?: true;
}

/** One side of a comparison. */
export interface OperandValue {
  /** As it stands in the rule. */
  readonly text: string;
  /**
   * What it is, as SQLite sees it, a bool as 1 or 0; nothing where it is not at hand, not for filters, or never leaves. A list where a multiple
   * one has several values, 100 at most, and the comparison is true for none of them.
   */
  readonly value?: SqlValue | readonly SqlValue[];
  /** The joined row in which it stands, if there is one; an id of null where there is no such row, which is a row of NULLs. */
  readonly row?: { readonly collection: string; readonly id: string | null };
}

/** Finds the comparisons for which a term does not pass on its nearest row: one of `&&`, all of `||`. */
export function decidingComparisons(
  term: Term,
  near: NearestRow,
  rule: string,
): readonly DecidingComparison[] {
  const verdict = verdictOf(term, near.row);
  if (verdict === true) return [];
  switch (term.kind) {
    case "||":
      return term.terms.flatMap((alternative) => decidingComparisons(alternative, near, rule));
    case "&&": {
      const verdicts = term.terms.map((part) => [part, verdictOf(part, near.row)] as const);
      const failing = verdicts.filter(([, partial]) => partial !== true);
      // over joined rows unknown is as good as false, whatever is missing
      const isJoined = verdict === undefined && term.nodes.length > 0;
      const [deciding] =
        (isJoined ? failing.find(([part]) => distanceOf(part, near.row) >= 1) : undefined) ??
        failing.find(([, partial]) => partial === verdict) ??
        failing[0] ??
        [];
      return deciding === undefined ? [] : decidingComparisons(deciding, near, rule);
    }
    case "comparison":
      return [describe(term, near, rule)];
  }
}

function describe(term: ComparisonTerm, near: NearestRow, rule: string): DecidingComparison {
  const { left, right, ...own } = term.syntax;
  const { listRule } = term.origin;
  const text = listRule?.text ?? rule;
  const verdict = nameOf(verdictOf(term, near.row));
  const [leftValue, rightValue] = valuesOf(term, near, verdict);
  return {
    text: text.slice(own.start, own.end),
    // a list rule counts where the filter joins what it guards
    start: listRule?.start ?? own.start,
    end: listRule?.start ?? own.end,
    verdict,
    left: { text: text.slice(left.start, left.end), ...leftValue },
    right: { text: text.slice(right.start, right.end), ...rightValue },
    ...(near.isPartial ? { isPartial: true } : {}),
  };
}

function nameOf(verdict: ReturnType<typeof verdictOf>): DecidingComparison["verdict"] {
  if (verdict === "failed") return "failed";
  if (verdict === undefined) return "missing";
  return verdict === null ? "unknown" : "false";
}

type Value = Omit<OperandValue, "text">;

/** The values of both sides: those that violate what must hold for all, all where none will do, else the row's. */
function valuesOf(
  term: ComparisonTerm,
  { row, held, isPartial }: NearestRow,
  verdict: DecidingComparison["verdict"],
): readonly [left: Value, right: Value] {
  const { syntax, left, right } = term;
  const isDecided = verdict === "false" || verdict === "unknown";
  const isSingle = left.values === undefined || right.values === undefined;
  const holdsNowhere = syntax.isAny && isDecided && isSingle && !isPartial && !held.has(term);
  const rows = verdict === "false" && !syntax.isAny ? within(() => violation(term, row)) : undefined;
  const [leftRow, rightRow] = rows ?? [row, row];
  return [valueOf(left, leftRow, holdsNowhere), valueOf(right, rightRow, holdsNowhere)];
}

/** The rows whose values violate what must hold for all. */
function violation(
  { syntax: { operator }, left, right, origin }: ComparisonTerm,
  row: Row,
): readonly [Row, Row] | undefined {
  const test = testOfEach(operator, left, right);
  for (const one of rowsOf(left, row, origin)) {
    for (const other of rowsOf(right, row, origin)) {
      work(10);
      if (test(left.get(one), right.get(other), row) === false) return [one, other];
    }
  }
  return undefined;
}

function valueOf(side: Side, row: Row, holdsNowhere: boolean): Value {
  const { get, values, isMissing, guard, isUntold } = side;
  if (isUntold === true || isMissing?.(row) === true || guard?.(row) === false) return {};
  const found = within((): Value => {
    // of a list not each value may be for filters
    const all = holdsNowhere && guard === undefined ? values?.(row)?.slice(0, maxValues) : undefined;
    return all !== undefined && all.length > 1
      ? { value: all }
      : { value: get(row), ...joinedRowOf(side, row) };
  });
  return found ?? {};
}

/** Where the value of a side stands, if that is one joined record, or an element of its list. */
function joinedRowOf({ nodes = [] }: Side, { cells = [] }: Row): Pick<OperandValue, "row"> {
  let node = nodes.length === 1 ? nodes[0] : undefined;
  while (node !== undefined && node.collection === undefined) node = node.parent;
  if (node?.collection === undefined) return {};
  const cell = cells[node.index];
  const id = isRecord(cell) ? cell["id"] : null;
  return { row: { collection: node.collection, id: typeof id === "string" ? id : null } };
}

/** What is found with the work of one evaluation. */
function within<T>(find: () => T): T | undefined {
  const found = evaluate(find);
  return found === "failed" ? undefined : found;
}
