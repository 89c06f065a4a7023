import type { RecordRow } from "@sluice/rules";

/** The rows of a collection by the texts that one of their fields has. */
export class FieldIndex {
  readonly #field: string;
  /** Most values have one row: a set for each would cost more than the rows. */
  readonly #ids = new Map<string, string | Set<string>>();

  constructor(field: string, rows: Iterable<readonly [id: string, row: RecordRow]>) {
    this.#field = field;
    for (const [id, row] of rows) this.add(id, row);
  }

  find(value: string): Iterable<string> {
    const ids = this.#ids.get(value);
    return typeof ids === "string" ? [ids] : (ids ?? []);
  }

  add(id: string, row: RecordRow): void {
    for (const value of textsOf(row[this.#field])) {
      const ids = this.#ids.get(value);
      if (ids === undefined) this.#ids.set(value, id);
      else if (typeof ids !== "string") ids.add(id);
      else if (ids !== id) this.#ids.set(value, new Set([ids, id]));
    }
  }

  remove(id: string, row: RecordRow): void {
    for (const value of textsOf(row[this.#field])) {
      const ids = this.#ids.get(value);
      if (ids === id) this.#ids.delete(value);
      else if (ids !== undefined && typeof ids !== "string" && ids.delete(id) && ids.size === 0) {
        this.#ids.delete(value);
      }
    }
  }
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value)
    ? value.filter((element): element is string => typeof element === "string")
    : [];
}
