import { conversions, sameness } from "./affinity.ts";
import { emptyRow, type Row } from "./row.ts";
import type { Side } from "./side.ts";
import { type SqlValue, type Truth, truthOf } from "./sql-value.ts";

type Test = (left: SqlValue, right: SqlValue) => Truth;

/**
 * Compiles `=`. Null and the empty text are the same, save for JSON. A side that is bound, which means known before any
 * row is looked at, is compared under affinities; two columns are not.
 * @see PocketBase tools/search/filter.go resolveEqualExpr
 */
export function equality(left: Side, right: Side): Test {
  const isSame = sameness(left, right);
  if (left.isJson || right.isJson) {
    return right.known === "flag" ? (l, r) => truthOf(l) === truthOf(r) : isSame;
  }
  const [isLeftBound, isRightBound] = [isBound(left), isBound(right)];
  if (!isLeftBound && !isRightBound) return (l, r) => (l ?? "") === (r ?? "");
  if (!isLeftBound) {
    return (l, r) => {
      if (isBlank(r)) return isBlank(l);
      return l === null ? null : isSame(l, r);
    };
  }
  if (!isRightBound) {
    return (l, r) => {
      if (isBlank(l)) return isBlank(r);
      return r === null ? null : isSame(l, r);
    };
  }
  return (l, r) => isSame(l ?? "", r ?? "");
}

/**
 * Compiles `=` of a column and a bound side, the commonest of all comparisons, in as few calls as can be.
 * @returns nothing for other sides
 */
export function columnEquality(left: Side, right: Side): ((row: Row) => Truth) | undefined {
  if (left.isJson || right.isJson || isBound(left) === isBound(right)) return undefined;
  const [column, bound] = isBound(left) ? [right, left] : [left, right];
  const { get: getColumn } = column;
  const { get: getBound } = bound;
  // what is bound has no affinity of its own: nothing happens to the column
  const { right: convert = unconverted } = conversions(column, bound);
  if (bound.sources.length > 0) {
    return (row) => {
      const [value, wanted] = [getColumn(row), getBound(row)];
      if (isBlank(wanted)) return isBlank(value);
      if (value === null) return null;
      return value === (typeof value === typeof wanted ? wanted : convert(wanted));
    };
  }
  const wanted = columnLiteral(column, bound) ?? "";
  if (isBlank(wanted)) return (row) => isBlank(getColumn(row));
  return (row) => {
    const value = getColumn(row);
    return value === null ? null : value === wanted;
  };
}

/**
 * The value that a column must have to equal a literal: one compares with `===`.
 * @returns nothing where the literal is empty, or none, or the column is JSON
 */
export function columnLiteral(column: Side, literal: Side): SqlValue | undefined {
  const isLiteral = literal.sources.length === 0 && isBound(literal);
  if (!isLiteral || isBound(column) || column.isJson) return undefined;
  const { right: convert = unconverted } = conversions(column, literal);
  const value = convert(literal.get(emptyRow));
  return isBlank(value) ? undefined : value;
}

function unconverted(value: SqlValue): SqlValue {
  return value;
}

/** Compiles `!=`, which is never unknown. */
export function inequality(left: Side, right: Side): Test {
  const isSame = sameness(left, right);
  const isFlag = right.known === "flag";
  const [isLeftBound, isRightBound] = [isBound(left), isBound(right)];
  // SQL reads a bare TRUE or FALSE on the right as a truth test
  if (isFlag) return (l, r) => truthOf(isLeftBound ? (l ?? "") : l) !== truthOf(r);
  if (left.isJson || right.isJson) return (l, r) => !isSame(l, r);
  if (!isLeftBound && !isRightBound) return (l, r) => (l ?? "") !== (r ?? "");
  if (!isLeftBound) return (l, r) => (isBlank(r) ? !isBlank(l) : !isSame(l, r));
  if (!isRightBound) return (l, r) => (isBlank(l) ? !isBlank(r) : !isSame(l, r));
  return (l, r) => !isSame(l ?? "", r ?? "");
}

function isBound({ known }: Side): boolean {
  return known === "constant" || known === "request" || known === "flag";
}

function isBlank(value: SqlValue): boolean {
  return value === null || value === "";
}
