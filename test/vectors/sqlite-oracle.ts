import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";

const database = new DatabaseSync(":memory:");

/**
 * Prepares an expression with `?` for its parameters, to ask SQLite for its value.
 * @returns takes the parameters: a number is bound as REAL, a bigint as INTEGER
 */
export function sqliteOracle(expression: string): (...parameters: readonly SQLInputValue[]) => SQLOutputValue {
  const statement = database.prepare(`SELECT ${expression} AS value`);
  return (...parameters) => statement.get(...parameters)?.["value"] ?? null;
}
