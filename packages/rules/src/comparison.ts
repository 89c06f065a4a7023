import { ordering } from "./affinity.ts";
import { columnEquality, equality, inequality } from "./equality.ts";
import { containsPattern, matchesLike } from "./like.ts";
import { type Cell, emptyRow, type Row } from "./row.ts";
import type { Side } from "./side.ts";
import { numberToText, type SqlValue, toText, type Truth, type Verdict } from "./sql-value.ts";
import type { Comparison, Operator } from "./syntax.ts";
import { work } from "./work.ts";

/** Decides a part of a rule for a row. */
export type Condition = (row: Row) => Verdict;

/** Decides one comparison for two values. */
type Test = (left: SqlValue, right: SqlValue, row: Row) => Truth;

/**
 * Compiles a comparison. Without `?`, a multiple side must hold for all its values, and for the row's.
 * @see PocketBase tools/search/filter.go, core/record_field_resolver_multi_match.go
 */
export function compileComparison(
  { operator, isAny }: Pick<Comparison, "operator" | "isAny">,
  left: Side,
  right: Side,
): Condition {
  const test = testOf(operator, left, right);
  // taken out of sides of many shapes once, not at each row
  const [getLeft, getRight] = [left.get, right.get];
  const base: Condition =
    (operator === "=" ? columnEquality(left, right) : undefined) ??
    ((row) => test(getLeft(row), getRight(row), row));
  const isMultiple = left.values !== undefined || right.values !== undefined;
  const condition = isAny || !isMultiple ? base : forAll(base, operator, { left, right });
  return withoutMissing(withGuards(condition, left, right), left, right);
}

function withGuards(condition: Condition, ...sides: readonly Side[]): Condition {
  const guards = sides.flatMap(({ guard }) => guard ?? []);
  if (guards.length === 0) return condition;
  return (row) => {
    const verdict = condition(row);
    return verdict !== false && !guards.every((guard) => guard(row)) ? false : verdict;
  };
}

function withoutMissing(condition: Condition, ...sides: readonly Side[]): Condition {
  const checks = sides.flatMap(({ isMissing }) => isMissing ?? []);
  if (checks.length === 0) return condition;
  return (row) => (checks.some((isMissing) => isMissing(row)) ? undefined : condition(row));
}

/** The base comparison, and no value that violates it; unknown is no violation. */
function forAll(
  base: Condition,
  operator: Operator,
  { left, right }: { left: Side; right: Side },
): Condition {
  const test = testOfEach(operator, left, right);
  const isKept = (row: Row): Verdict => {
    const [lefts, rights] = [valuesOf(left, row), valuesOf(right, row)];
    if (lefts === undefined || rights === undefined) return undefined;
    work(2 * lefts.length * rights.length);
    return !lefts.some((l) => rights.some((r) => test(l, r, row) === false));
  };
  const anchor = left.anchor ?? right.anchor ?? (() => null);
  return (row) => {
    const verdict = base(row);
    if (verdict === false) return false;
    const kept = onceFor(row, anchor(row), isKept);
    return kept === true ? verdict : kept;
  };
}

/** How each two values are compared where all must hold; false is a violation. */
export function testOfEach(operator: Operator, left: Side, right: Side): Test {
  return testOf(operator, asEnumerated(left, right), asEnumerated(right, left));
}

/** What does not depend on the joined row is found once for all rows of an evaluation. */
function onceFor(row: Row, anchor: Cell, find: (row: Row) => Verdict): Verdict {
  if (row.cells === undefined) return find(row);
  const known = row.found?.get(find);
  if (known !== undefined && known.anchor === anchor) return known.verdict;
  const verdict = find(row);
  row.found ??= new Map();
  row.found.set(find, { anchor, verdict });
  return verdict;
}

function valuesOf({ values, get }: Side, row: Row): readonly SqlValue[] | undefined {
  return values === undefined ? [get(row)] : values(row);
}

/** Beside a multiple side the other one is no longer told to be JSON or a function. */
function asEnumerated(side: Side, other: Side): Side {
  if (side.values !== undefined || other.values === undefined) return side;
  return { ...side, isJson: false, known: side.known === "function" ? "column" : side.known };
}

function testOf(operator: Operator, left: Side, right: Side): Test {
  switch (operator) {
    case "=":
      return equality(left, right);
    case "!=":
      return inequality(left, right);
    case "~":
      return likeness(left, right, (matches) => matches);
    case "!~":
      return likeness(left, right, (matches) => !matches);
    default:
      return order(operator, left, right);
  }
}

function order(operator: ">" | ">=" | "<" | "<=", left: Side, right: Side): Test {
  const compare = ordering(left, right);
  return (l, r) => {
    const compared = compare(l, r);
    if (compared === null) return null;
    switch (operator) {
      case ">":
        return compared > 0;
      case ">=":
        return compared >= 0;
      case "<":
        return compared < 0;
      case "<=":
        return compared <= 0;
    }
  };
}

function likeness(left: Side, right: Side, decide: (matches: boolean) => boolean): Test {
  const isFixed = right.sources.length === 0 && right.values === undefined;
  const fixed = isFixed ? patternOf(right, right.get(emptyRow), emptyRow) : undefined;
  return (l, r, row) => {
    const text = toText(l, left.isReal);
    const pattern = fixed === undefined ? patternOf(right, r, row) : fixed;
    return text === null || pattern === null ? null : decide(matchesLike(text, pattern));
  };
}

function patternOf(side: Side, value: SqlValue, row: Row): string | null {
  if (side.pattern !== undefined) return toText(side.pattern(row), side.isReal);
  if (side.parameter !== undefined) {
    const parameter = side.parameter(row);
    return parameter === null ? null : containsPattern(parameter);
  }
  if (value === null) return null;
  return `%${typeof value === "number" ? numberToText(value, side.isReal) : value}%`;
}
