import type { RecordRow } from "@sluice/rules";
import { ColumnTexts } from "./column-texts.ts";
import { allOf, countOf, type OneOrMore, withOne, withoutOne } from "./one-or-more.ts";
import { TextMap } from "./text-map.ts";

/** The rows of a collection by the texts that one of their fields has. */
export class FieldIndex {
  readonly #field: string;
  readonly #rows = new TextMap<OneOrMore<RecordRow>>();
  /** By column; those of which was asked. */
  readonly #columns = new Map<string, ColumnTexts>();

  constructor(field: string, rows: Iterable<RecordRow>) {
    this.#field = field;
    for (const row of rows) this.add(row);
  }

  find(value: string): Iterable<RecordRow> {
    return allOf(this.#rows.get(value));
  }

  /** See {@link Records.textsBy}: known without a look at the rows, which lie anywhere in memory. */
  textsOf(column: string, value: string): readonly string[] | undefined {
    const columnTexts = this.#columns.get(column) ?? new ColumnTexts(column);
    this.#columns.set(column, columnTexts);
    const known = columnTexts.of(value);
    if (known !== undefined) return known;
    const rows = allOf(this.#rows.get(value));
    for (const row of rows) if (typeof row[this.#field] !== "string") return undefined;
    return countOf(this.#rows.get(value)) === 0 ? [] : columnTexts.keep(value, rows);
  }

  add(row: RecordRow): void {
    const own = row[this.#field];
    for (const value of textsOf(own)) {
      for (const columnTexts of this.#columns.values()) {
        if (typeof own === "string") columnTexts.add(value, row);
        else columnTexts.forget(value);
      }
      this.#rows.set(value, withOne(this.#rows.get(value), row));
    }
  }

  remove(row: RecordRow): void {
    for (const value of textsOf(row[this.#field])) {
      for (const columnTexts of this.#columns.values()) columnTexts.remove(value, row);
      if (withoutOne(this.#rows.get(value), row) === undefined) this.#rows.delete(value);
    }
  }
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value)
    ? value.filter((element): element is string => typeof element === "string")
    : [];
}
