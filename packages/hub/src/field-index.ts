import type { RecordRow } from "@sluice/rules";
import { allOf, type OneOrMore, withOne, withoutOne } from "./one-or-more.ts";
import { TextMap } from "./text-map.ts";

/** The rows of a collection by the texts that one of their fields has. */
export class FieldIndex {
  readonly #field: string;
  readonly #rows = new TextMap<OneOrMore<RecordRow>>();

  constructor(field: string, rows: Iterable<RecordRow>) {
    this.#field = field;
    for (const row of rows) this.add(row);
  }

  find(value: string): Iterable<RecordRow> {
    return allOf(this.#rows.get(value));
  }

  add(row: RecordRow): void {
    for (const value of textsOf(row[this.#field])) {
      this.#rows.set(value, withOne(this.#rows.get(value), row));
    }
  }

  remove(row: RecordRow): void {
    for (const value of textsOf(row[this.#field])) {
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
