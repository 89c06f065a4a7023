import { containsPattern, matchesLike } from "./like.ts";
import type { Row } from "./row.ts";
import type { Side } from "./side.ts";
import {
  compareValues,
  numberToText,
  type SqlValue,
  toNumeric,
  toText,
  type Truth,
  truthOf,
  type Verdict,
} from "./sql-value.ts";
import type { Comparison, Operator } from "./syntax.ts";

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
  const base: Condition = (row) => test(left.get(row), right.get(row), row);
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
  const test = testOf(operator, asEnumerated(left, right), asEnumerated(right, left));
  return (row) => {
    const verdict = base(row);
    if (verdict === false) return false;
    const rights = valuesOf(right, row);
    const isViolated = valuesOf(left, row).some((l) => rights.some((r) => test(l, r, row) === false));
    return isViolated ? false : verdict;
  };
}

function valuesOf({ values, get }: Side, row: Row): readonly SqlValue[] {
  return values?.(row) ?? [get(row)];
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
  const convert = conversion(left, right);
  return (l, r) => {
    const compared = convert(l, r);
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

function equality(left: Side, right: Side): Test {
  const compare = conversion(left, right);
  if (left.isJson || right.isJson) {
    if (right.known === "flag") return (l, r) => truthOf(l) === truthOf(r);
    return (l, r) => isSame(compare, l, r);
  }
  return (l, r) => {
    const [le, re] = [isEmpty(left, l), isEmpty(right, r)];
    if (le && re) return true;
    if (isKnown(left, le) || isKnown(right, re)) {
      const compared = compare(le ? "" : l, re ? "" : r);
      return compared === null ? null : compared === 0;
    }
    if (le || re) return isBlank(le ? r : l);
    return compareValues(l ?? "", r ?? "") === 0;
  };
}

function inequality(left: Side, right: Side): Test {
  const compare = conversion(left, right);
  const isFlag = right.known === "flag";
  if (left.isJson || right.isJson) {
    if (isFlag) return (l, r) => truthOf(l) !== truthOf(r);
    return (l, r) => !isSame(compare, l, r);
  }
  return (l, r) => {
    const [le, re] = [isEmpty(left, l), isEmpty(right, r)];
    if (le && re) return false;
    if (isFlag) return truthOf(le ? "" : l) !== truthOf(r);
    if (isKnown(left, le) || isKnown(right, re)) return !isSame(compare, le ? "" : l, re ? "" : r);
    if (le || re) return !isBlank(le ? r : l);
    return compareValues(l ?? "", r ?? "") !== 0;
  };
}

/** SQL's IS: null equals null and nothing else. */
function isSame(compare: Compare, left: SqlValue, right: SqlValue): boolean {
  if (left === null || right === null) return left === right;
  return compare(left, right) === 0;
}

function isBlank(value: SqlValue): boolean {
  return value === null || value === "";
}

/** Known to be empty before any row is looked at: `null`, `''`, and what a request does not bring. */
function isEmpty({ known }: Side, value: SqlValue): boolean {
  return (known === "constant" || known === "request") && isBlank(value);
}

function isKnown({ known }: Side, empty: boolean): boolean {
  return !empty && (known === "constant" || known === "request" || known === "flag");
}

/** Compares two values under the affinities of their sides; null where one is null. */
type Compare = (left: SqlValue, right: SqlValue) => number | null;

function unconverted(value: SqlValue): SqlValue {
  return value;
}

function conversion(left: Side, right: Side): Compare {
  const [a, b] = [left.affinity, right.affinity];
  let [l, r] = [unconverted, unconverted];
  if (a === "numeric" && b !== "numeric") r = toNumeric;
  else if (b === "numeric" && a !== "numeric") l = toNumeric;
  else if (a === "text" && b === "none") r = (value) => toText(value, right.isReal);
  else if (b === "text" && a === "none") l = (value) => toText(value, left.isReal);
  return (leftValue, rightValue) => {
    const [x, y] = [l(leftValue), r(rightValue)];
    return x === null || y === null ? null : compareValues(x, y);
  };
}

function likeness(left: Side, right: Side, decide: (matches: boolean) => boolean): Test {
  return (l, r, row) => {
    const text = toText(l, left.isReal);
    const pattern = patternOf(right, r, row);
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
