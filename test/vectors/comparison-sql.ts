import type { SQLInputValue } from "node:sqlite";
import { containsPattern } from "../../packages/rules/src/like.ts";

/** One side of a comparison, as PocketBase resolves it for a request. */
export interface SqlSide {
  /** `?` stands for the value that is bound. */
  readonly sql: string;
  /** A bool is bound as 1 or 0, and is `true` or `false` in a pattern. */
  readonly bound?: string | number | bigint | boolean | undefined;
  /** JSON: null and the empty text are not the same. */
  readonly isJson?: boolean | undefined;
}

/** A condition for SQLite, and what is bound in it. */
export interface SqlCondition {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, SQLInputValue>>;
}

/**
 * Writes the condition that PocketBase makes of a comparison without multiple values.
 * @see PocketBase tools/search/filter.go
 */
export function comparisonSql(left: SqlSide, operator: string, right: SqlSide): SqlCondition {
  const [l, r] = [left.sql.replace("?", ":left"), right.sql.replace("?", ":right")];
  const parameters = { left: boundValue(left), right: boundValue(right) };
  switch (operator) {
    case "=":
      return { sql: equality({ ...left, sql: l }, { ...right, sql: r }, equals), parameters };
    case "!=":
      return { sql: equality({ ...left, sql: l }, { ...right, sql: r }, differs), parameters };
    case "~":
    case "!~": {
      const like = operator === "~" ? "LIKE" : "NOT LIKE";
      const wrapped = right.bound === undefined ? `('%' || ${r} || '%')` : r;
      const text = right.bound === undefined ? null : containsPattern(String(right.bound));
      return { sql: `${l} ${like} ${wrapped} ESCAPE '\\'`, parameters: { ...parameters, right: text } };
    }
    default:
      return { sql: `${l} ${operator} ${r}`, parameters };
  }
}

function boundValue({ bound }: SqlSide): SQLInputValue {
  return typeof bound === "boolean" ? BigInt(bound) : (bound ?? null);
}

const equals = { sign: "=", signOrNull: "IS", join: "OR", isNull: "IS NULL" };
const differs = { sign: "IS NOT", signOrNull: "IS NOT", join: "AND", isNull: "IS NOT NULL" };

function equality(left: SqlSide, right: SqlSide, { sign, signOrNull, join, isNull }: typeof equals): string {
  if (left.isJson || right.isJson) return `${left.sql} ${signOrNull} ${right.sql}`;
  if (isEmpty(left) && isEmpty(right)) return `'' ${sign} ''`;
  if (isKnown(left) || isKnown(right)) {
    return `${isEmpty(left) ? "''" : left.sql} ${sign} ${isEmpty(right) ? "''" : right.sql}`;
  }
  if (isEmpty(left)) return `('' ${sign} ${right.sql} ${join} ${right.sql} ${isNull})`;
  if (isEmpty(right)) return `(${left.sql} ${sign} '' ${join} ${left.sql} ${isNull})`;
  return `COALESCE(${left.sql}, '') ${sign} COALESCE(${right.sql}, '')`;
}

function isEmpty({ sql, bound }: SqlSide): boolean {
  return sql === "NULL" || bound === "";
}

function isKnown({ sql, bound }: SqlSide): boolean {
  return ["1", "0", "TRUE", "FALSE"].includes(sql) || (bound !== undefined && bound !== "");
}
