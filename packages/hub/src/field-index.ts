import type { RecordRow } from "@sluice/rules";

/** The rows of a collection by the texts that one of their fields has. */
export class FieldIndex {
  readonly #field: string;
  /** Most values have one row: a set for each would cost more than the rows. */
  readonly #rows = new Map<string, RecordRow | Set<RecordRow>>();

  constructor(field: string, rows: Iterable<RecordRow>) {
    this.#field = field;
    for (const row of rows) this.add(row);
  }

  find(value: string): Iterable<RecordRow> {
    const rows = this.#rows.get(value);
    return rows instanceof Set ? rows : rows === undefined ? [] : [rows];
  }

  add(row: RecordRow): void {
    for (const value of textsOf(row[this.#field])) {
      const rows = this.#rows.get(value);
      if (rows === undefined) this.#rows.set(value, row);
      else if (rows instanceof Set) rows.add(row);
      else if (rows !== row) this.#rows.set(value, new Set([rows, row]));
    }
  }

  remove(row: RecordRow): void {
    for (const value of textsOf(row[this.#field])) {
      const rows = this.#rows.get(value);
      if (rows === row) this.#rows.delete(value);
      else if (rows instanceof Set && rows.delete(row) && rows.size === 0) this.#rows.delete(value);
    }
  }
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value)
    ? value.filter((element): element is string => typeof element === "string")
    : [];
}
