import { type Change, recordKey, type Row, textOf } from "./row.ts";

/** What a recheck needs. */
export interface RecheckContext {
  /** Changes of one record that come closer together than this may have come in the wrong order. */
  readonly windowMs: number;
  /** The row as it is now; nothing where it is gone. */
  readonly readRow: (change: Change) => Promise<Row | undefined>;
  readonly write: (change: Change) => void;
  readonly failed: (error: unknown) => void;
}

interface Noted {
  readonly last: Change;
  readonly isHurried: boolean;
  readonly timer: NodeJS.Timeout;
}

/**
 * Puts right what PocketBase told in the wrong order: it sends each change by itself, so that of two quick ones of one
 * record the older may arrive last. When such a record has been quiet, it is read and written again where it differs.
 * Holds the records of the last window.
 */
export class Recheck {
  readonly #context: RecheckContext;
  readonly #noted = new Map<string, Noted>();

  constructor(context: RecheckContext) {
    this.#context = context;
  }

  /** Notes a change that the stream told. */
  note(change: Change): void {
    const key = recordKey(change);
    const before = this.#noted.get(key);
    clearTimeout(before?.timer);
    const timer = setTimeout(() => {
      this.#check(key).catch(this.#context.failed);
    }, this.#context.windowMs);
    this.#noted.set(key, { last: change, isHurried: before !== undefined, timer });
  }

  close(): void {
    for (const { timer } of this.#noted.values()) clearTimeout(timer);
    this.#noted.clear();
  }

  async #check(key: string): Promise<void> {
    const noted = this.#noted.get(key);
    if (noted?.isHurried !== true) return void this.#noted.delete(key);
    const { last } = noted;
    const row = await this.#context.readRow(last);
    // a newer change is checked in its own time
    if (this.#noted.get(key) !== noted) return;
    this.#noted.delete(key);
    const change = correction(last, row);
    if (change !== undefined) this.#context.write(change);
  }
}

/** What has to be written where the last change that was told is not how the row is. */
function correction(last: Change, row: Row | undefined): Change | undefined {
  if (row === undefined) return last.action === "delete" ? undefined : { ...last, action: "delete" };
  if (last.action === "delete") return { ...last, action: "create", record: row };
  return textOf(likeTold(row, last.record)) === textOf(last.record)
    ? undefined
    : { ...last, action: "update", record: row };
}

/** The row without the token key, which is not told with a change. */
function likeTold(row: Row, told: Row): Row {
  if ("tokenKey" in told) return row;
  const { tokenKey: _, ...rest } = row;
  return { ...rest, id: row.id };
}
