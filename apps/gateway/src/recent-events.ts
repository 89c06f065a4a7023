import type { LogEntry } from "@sluice/backplane";
import { compareEntries } from "@sluice/protocol";

/** How much is kept; what comes first counts. */
const maxEntries = 20_000;
const maxLength = 16_777_216;

/** Entries that are gone stay in the array until they are this many: an array is not shifted for each. */
const compactAt = 1_024;

/**
 * The newest entries of the log as this node has read them, without a gap: what clients have missed that come back all
 * at once is found here, and Redis is not asked.
 */
export class RecentEvents {
  #entries: LogEntry[] = [];
  #start = 0;
  #length = 0;
  #position = "";
  /** Whether of the first entry only the cursor is known: this node began behind it. */
  #isFirstUnread = false;

  /** The cursor of the last entry that this node has read; empty before it has joined the log. */
  get position(): string {
    return this.#position;
  }

  /** Forgets all: what comes next lies behind this entry. */
  startAt(cursor: string): void {
    this.#entries = [];
    this.#start = 0;
    this.#length = 0;
    this.push({ cursor, text: undefined });
    this.#isFirstUnread = true;
  }

  /** Takes the next entry of the log. */
  push(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#position = entry.cursor;
    this.#length += entry.text?.length ?? 0;
    this.#drop();
  }

  /** Takes older entries, of which the last is its first. */
  prepend(older: readonly LogEntry[]): void {
    const first = this.#entries[this.#start];
    const at = older.findIndex(({ cursor }) => cursor === first?.cursor);
    if (at < 0) return;
    const added = older.slice(0, at + 1);
    this.#length -= first?.text?.length ?? 0;
    this.#entries = [...added, ...this.#entries.slice(this.#start + 1)];
    this.#start = 0;
    this.#isFirstUnread = false;
    for (const { text } of added) this.#length += text?.length ?? 0;
    this.#drop();
  }

  /**
   * The entries from one on, at most so many.
   * @returns nothing where older ones may be missing
   */
  read(from: string, count: number): readonly LogEntry[] | undefined {
    const first = this.#entries[this.#start];
    if (first === undefined) return undefined;
    const order = compareEntries(from, first.cursor);
    if (order < 0 || (order === 0 && this.#isFirstUnread)) return undefined;
    const at = this.#find(from);
    return this.#entries.slice(at, at + count);
  }

  /** The cursor of the last entry that is not newer, if it is at hand. */
  lastUpTo(cursor: string): string | undefined {
    const at = this.#find(cursor);
    return this.#entries[at]?.cursor === cursor ? cursor : this.#entries[at - 1]?.cursor;
  }

  /** The index of the first entry that is not older. */
  #find(cursor: string): number {
    let [low, high] = [this.#start, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareEntries(this.#entries[middle]?.cursor ?? cursor, cursor) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #drop(): void {
    while (this.#isTooMuch()) {
      this.#length -= this.#entries[this.#start]?.text?.length ?? 0;
      this.#start += 1;
      this.#isFirstUnread = false;
    }
    if (this.#start < compactAt) return;
    this.#entries = this.#entries.slice(this.#start);
    this.#start = 0;
  }

  #isTooMuch(): boolean {
    const count = this.#entries.length - this.#start;
    return count > 1 && (count > maxEntries || this.#length > maxLength);
  }
}
