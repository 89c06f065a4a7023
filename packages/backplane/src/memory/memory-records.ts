import type { KeptRow } from "@sluice/protocol";
import type { FollowedCollection, LogEntry } from "../backplane.ts";
import { loggedRow } from "../logged-row.ts";

/** Characters of rows kept at most; past that none are, and what needs rows is denied. */
const maxLength = 134_217_728;

/**
 * The rows of every collection as the events that were written left them, from the beginning: one node without Redis
 * knows them all.
 */
export class MemoryRecords {
  readonly #maxLength: number;
  readonly #collections = new Map<string, Map<string, string>>();
  #length = 0;
  #isFull = false;

  constructor(maxChars = maxLength) {
    this.#maxLength = maxChars;
  }

  put({ collection, id, json }: KeptRow): void {
    if (this.#isFull) return;
    const rows = this.#collections.get(collection) ?? new Map<string, string>();
    this.#collections.set(collection, rows);
    this.#length += lengthOf(id, json) - lengthOf(id, rows.get(id));
    if (json === undefined) rows.delete(id);
    else rows.set(id, json);
    if (this.#length > this.#maxLength) this.#giveUp();
  }

  /** See `Backplane.readRecords`. */
  read(collection: string, take: (id: string, json: string) => void): string | undefined {
    if (this.#isFull) return undefined;
    for (const [id, json] of this.#collections.get(collection) ?? []) take(id, json);
    return "memory";
  }

  /**
   * Replaces the rows of a collection.
   * @param entries what goes over the rows, oldest first
   * @returns how many there are now
   */
  replace(
    collection: FollowedCollection,
    rows: ReadonlyMap<string, string>,
    entries: readonly LogEntry[],
  ): number {
    for (const key of [collection.name, collection.id]) this.#drop(key);
    for (const [id, json] of rows) this.put({ collection: collection.name, id, json });
    for (const entry of entries) {
      const row = loggedRow(entry, collection);
      if (row !== undefined) this.put({ ...row, collection: collection.name });
    }
    return this.#collections.get(collection.name)?.size ?? 0;
  }

  #drop(collection: string): void {
    for (const [id, json] of this.#collections.get(collection) ?? []) this.#length -= lengthOf(id, json);
    this.#collections.delete(collection);
  }

  #giveUp(): void {
    this.#isFull = true;
    this.#collections.clear();
  }
}

function lengthOf(id: string, json: string | undefined): number {
  return json === undefined ? 0 : id.length + json.length;
}
