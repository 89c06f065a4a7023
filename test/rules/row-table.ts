import type { ColumnLookUp, RecordRow, Records } from "@sluice/rules";

/** The rows of some collections, which are all at hand. */
export class RowTable implements Records {
  readonly #rows: ReadonlyMap<string, readonly RecordRow[]>;
  /** By collection, then by field and value. */
  readonly #indexes = new Map<string, Map<string, Map<string, RecordRow[]>>>();

  /** @param rows by collection id */
  constructor(rows: ReadonlyMap<string, readonly RecordRow[]>) {
    this.#rows = rows;
  }

  has(collectionId: string): boolean {
    return this.#rows.has(collectionId);
  }

  get(collectionId: string, id: string): RecordRow | undefined {
    return this.#find(collectionId, "id", id)[0];
  }

  all(collectionId: string): readonly RecordRow[] {
    return this.#rows.get(collectionId) ?? [];
  }

  by(collectionId: string, field: string, value: string): readonly RecordRow[] {
    return this.#find(collectionId, field, value);
  }

  textsBy(collectionId: string, { field, value, column }: ColumnLookUp): readonly string[] | undefined {
    const rows = this.#find(collectionId, field, value);
    if (rows.some((row) => Array.isArray(row[field]))) return undefined;
    return rows.map((row) => row[column]).map((text) => (typeof text === "string" ? text : ""));
  }

  #find(collectionId: string, field: string, value: string): readonly RecordRow[] {
    const indexes = this.#indexes.get(collectionId) ?? new Map<string, Map<string, RecordRow[]>>();
    this.#indexes.set(collectionId, indexes);
    const index = indexes.get(field) ?? this.#index(collectionId, field);
    indexes.set(field, index);
    return index.get(value) ?? [];
  }

  #index(collectionId: string, field: string): Map<string, RecordRow[]> {
    const index = new Map<string, RecordRow[]>();
    for (const row of this.all(collectionId)) {
      const value = row[field];
      const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
      for (const text of new Set(texts)) {
        if (typeof text !== "string") continue;
        const rows = index.get(text) ?? [];
        rows.push(row);
        index.set(text, rows);
      }
    }
    return index;
  }
}
