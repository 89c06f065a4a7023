import type { BackplaneOptions, LogEntry, LogExtent } from "../backplane.ts";
import { compareEntries } from "@sluice/protocol";

/** Characters kept at most. */
const maxLength = 33_554_432;

/** Entries that are gone stay in the array until they are this many: an array is not shifted for each. */
const compactAt = 1_024;

interface StoredEntry extends LogEntry {
  readonly writtenMs: number;
}

/** The log of one node without Redis; trimmed as the one in Redis is. It begins with an entry that is no event. */
export class MemoryLog {
  readonly #options: BackplaneOptions;
  #entries: StoredEntry[] = [];
  #start = 0;
  #length = 0;

  constructor(options: BackplaneOptions) {
    this.#options = options;
    this.append(undefined);
  }

  /** The cursor of the newest entry. */
  get last(): string {
    return this.#entries.at(-1)?.cursor ?? "";
  }

  /** The cursor of the oldest entry. */
  get first(): string {
    return this.#entries[this.#start]?.cursor ?? "";
  }

  /** @returns the cursor of the new entry */
  append(text: string | undefined): string {
    const nowMs = Date.now();
    const cursor = this.#nextCursor(nowMs);
    this.#entries.push({ cursor, text, writtenMs: nowMs });
    this.#length += text?.length ?? 0;
    this.#trim(nowMs);
    return cursor;
  }

  /** See `Backplane.findEntry`. */
  find(cursor: string): LogExtent | undefined {
    if (this.#entries[this.#indexOf(cursor)]?.cursor !== cursor) return undefined;
    return { first: this.first, last: this.last };
  }

  /** See `Backplane.readLog`. */
  read(from: string, count: number): readonly LogEntry[] {
    const at = this.#indexOf(from);
    return this.#entries.slice(at, at + count);
  }

  /** Names an entry as a Redis stream does; where the clock went back, after the one before it. */
  #nextCursor(nowMs: number): string {
    const [lastMs = 0, number = 0] = this.last.split("-").map(Number);
    return nowMs > lastMs ? `${nowMs}-0` : `${lastMs}-${number + 1}`;
  }

  /** The index of the first entry that is not older. */
  #indexOf(cursor: string): number {
    const at = this.#entries.findIndex(
      (entry, index) => index >= this.#start && compareEntries(entry.cursor, cursor) >= 0,
    );
    return at < 0 ? this.#entries.length : at;
  }

  #trim(nowMs: number): void {
    const { logSeconds, logEntries } = this.#options;
    const oldestMs = nowMs - logSeconds * 1000;
    for (let first = this.#entries[this.#start]; first !== undefined; first = this.#entries[this.#start]) {
      const count = this.#entries.length - this.#start;
      const isKept = count <= logEntries && this.#length <= maxLength && first.writtenMs >= oldestMs;
      if (isKept || count === 1) break;
      this.#length -= first.text?.length ?? 0;
      this.#start += 1;
    }
    if (this.#start < compactAt) return;
    this.#entries = this.#entries.slice(this.#start);
    this.#start = 0;
  }
}
