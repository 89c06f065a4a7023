import { DatabaseSync, type StatementSync } from "node:sqlite";
import { comparisonSql, type SqlCondition, type SqlSide } from "./comparison-sql.ts";

/** The record that is stored. */
export type Post = Readonly<{
  title: string;
  total: number;
  flag: boolean;
  tags: readonly string[];
  data: unknown;
  place: { readonly lon: number; readonly lat: number };
}>;

/** A table with one record at a time, stored as PocketBase stores it, to ask what SQLite says of a comparison. */
export class PostsTable {
  readonly #database = new DatabaseSync(":memory:");
  readonly #statements = new Map<string, StatementSync>();

  constructor() {
    this.#database.exec(
      "CREATE TABLE posts (title TEXT, total NUMERIC, flag BOOLEAN, tags JSON, data JSON, place JSON)",
    );
  }

  /** Replaces the record; every field is there. */
  store({ title, total, flag, tags, data, place }: Post): void {
    this.#database.exec("DELETE FROM posts");
    this.#database
      .prepare("INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?)")
      .run(
        title,
        total,
        BigInt(flag),
        stored(tags),
        data === null ? null : stored(data),
        stored(place),
      );
  }

  /** The verdict of a comparison of two single values. */
  decide(left: SqlSide, operator: string, right: SqlSide): "true" | "false" | "unknown" {
    const { sql, parameters } = comparisonSql(left, operator, right);
    const value = this.#statement(sql).get(parameters)?.["value"];
    if (value === null) return "unknown";
    return value === 1 ? "true" : "false";
  }

  /** Whether one of the tags passes; and whether one does while none fails. */
  decideTags(operator: string, other: SqlSide): readonly [any: boolean, all: boolean] {
    const elements = "(SELECT e.value FROM (SELECT 1) LEFT JOIN json_each(tags) e)";
    const any = comparisonSql({ sql: "value" }, operator, other);
    const cmp = comparisonSql({ sql: "value" }, operator, { ...other, isJson: false });
    const one = `EXISTS (SELECT 1 FROM ${elements} WHERE ${any.sql})`;
    const none = `NOT EXISTS (SELECT 1 FROM ${elements} WHERE NOT (${cmp.sql}))`;
    return [this.#ask(one, any.parameters), this.#ask(`${one} AND ${none}`, any.parameters)];
  }

  #ask(sql: string, parameters: SqlCondition["parameters"]): boolean {
    return this.#statement(sql).get(parameters)?.["value"] === 1;
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(`SELECT (${sql}) AS value FROM posts`);
    statement.setAllowUnknownNamedParameters(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** JSON as Go's encoder writes it. */
function stored(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");
}
