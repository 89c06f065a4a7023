import type { ColumnLookUp, RecordRow } from "@sluice/rules";
import { FieldIndex } from "./field-index.ts";

/** The rows of one collection, all of them, by id and by what their fields say. */
export class FollowedCollection {
  readonly #rows = new Map<string, RecordRow>();
  /** Made when a field is first asked for. */
  readonly #indexes = new Map<string, FieldIndex>();

  get size(): number {
    return this.#rows.size;
  }

  get(id: string): RecordRow | undefined {
    return this.#rows.get(id);
  }

  all(): Iterable<RecordRow> {
    return this.#rows.values();
  }

  by(field: string, value: string): Iterable<RecordRow> {
    return this.#indexOf(field).find(value);
  }

  /** See {@link Records.textsBy}. */
  textsBy({ field, value, column }: ColumnLookUp): readonly string[] | undefined {
    return this.#indexOf(field).textsOf(column, value);
  }

  put(id: string, row: RecordRow): void {
    const old = this.#rows.get(id);
    for (const index of this.#indexes.values()) {
      if (old !== undefined) index.remove(old);
      index.add(row);
    }
    this.#rows.set(id, row);
  }

  remove(id: string): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    for (const index of this.#indexes.values()) index.remove(row);
    this.#rows.delete(id);
  }

  #indexOf(field: string): FieldIndex {
    const known = this.#indexes.get(field);
    if (known !== undefined) return known;
    const index = new FieldIndex(field, this.#rows.values());
    this.#indexes.set(field, index);
    return index;
  }
}
