import type { Side } from "./side.ts";
import { compareValues, type SqlValue, toNumeric, toText } from "./sql-value.ts";

type Convert = (value: SqlValue) => SqlValue;

/**
 * What the sides' affinities do to their values before they are compared; never to both.
 * @see https://www.sqlite.org/datatype3.html section 4.2
 */
export function conversions(left: Side, right: Side): { readonly left?: Convert; readonly right?: Convert } {
  const [a, b] = [left.affinity, right.affinity];
  if (a === "numeric" && b !== "numeric") return { right: toNumeric };
  if (b === "numeric" && a !== "numeric") return { left: toNumeric };
  if (a === "text" && b === "none") return { right: (value) => toText(value, right.isReal) };
  if (b === "text" && a === "none") return { left: (value) => toText(value, left.isReal) };
  return {};
}

/** Compares two values of sides; nothing where one is null. */
export function ordering(left: Side, right: Side): (l: SqlValue, r: SqlValue) => number | null {
  const { left: toLeft = same, right: toRight = same } = conversions(left, right);
  return (l, r) => {
    const [x, y] = [toLeft(l), toRight(r)];
    return x === null || y === null ? null : compareValues(x, y);
  };
}

function same(value: SqlValue): SqlValue {
  return value;
}

/** SQL's IS on two values of sides: null equals null and nothing else. */
export function sameness(left: Side, right: Side): (l: SqlValue, r: SqlValue) => boolean {
  const { left: toLeft, right: toRight } = conversions(left, right);
  if (toLeft !== undefined) return (l, r) => toLeft(l) === r;
  if (toRight !== undefined) return (l, r) => l === toRight(r);
  return (l, r) => l === r;
}
