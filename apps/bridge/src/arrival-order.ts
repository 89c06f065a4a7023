import { type Change, recordKey, type Row, textOf } from "./row.ts";

/** What finds out about the order of changes. */
export interface ArrivalOrderContext {
  /** Changes of one record that come closer together than this may have come in the wrong order. */
  readonly windowMs: number;
  /** When a row was written, as a text that grows with time; nothing where its collection does not say. */
  readonly stampOf: (change: Change) => string | undefined;
  /** The row as it is now; nothing where it is gone. */
  readonly readRow: (change: Change) => Promise<Row | undefined>;
  readonly write: (change: Change) => void;
  readonly failed: (error: unknown) => void;
}

interface Noted {
  /** The newest one, as far as is known. */
  readonly last: Change;
  readonly isHurried: boolean;
  readonly timer: NodeJS.Timeout;
}

/**
 * Keeps the changes of a record in order, and puts right what is not: PocketBase sends each change by itself, so that of
 * two quick ones the older may arrive last. Where rows say when they were written, an older one is not taken. When a
 * record with quick changes has been quiet, it is read and written again where it differs. Holds the records of the last
 * window.
 */
export class ArrivalOrder {
  readonly #context: ArrivalOrderContext;
  readonly #noted = new Map<string, Noted>();

  constructor(context: ArrivalOrderContext) {
    this.#context = context;
  }

  /**
   * Notes a change.
   * @returns what is to be written for it: nothing where it is older than what came before it, as far as can be known; but
   *   that a record was created is told late rather than never, with the row as it is by then
   */
  take(change: Change): Change | undefined {
    const key = recordKey(change);
    const before = this.#noted.get(key);
    clearTimeout(before?.timer);
    const age = before === undefined ? "newer" : this.#compare(change, before.last);
    const waitMs = age === "unclear" ? this.#context.windowMs / 20 : this.#context.windowMs;
    const timer = setTimeout(() => {
      this.#check(key).catch(this.#context.failed);
    }, waitMs);
    const last = before === undefined || age === "newer" ? change : before.last;
    this.#noted.set(key, { last, isHurried: before !== undefined, timer });
    if (age === "newer") return change;
    const isLateCreate = change.action === "create" && last.action === "update";
    return isLateCreate ? { ...change, record: last.record } : undefined;
  }

  /** `unclear`: both rows were written in the same moment; the row itself has to be asked. */
  #compare(change: Change, last: Change): "newer" | "older" | "unclear" {
    const [stamp, lastStamp] = [this.#context.stampOf(change), this.#context.stampOf(last)];
    if (stamp === undefined || lastStamp === undefined || stamp > lastStamp) return "newer";
    if (stamp < lastStamp) return "older";
    // a delete has the time of the last update
    if (change.action === "delete") return "newer";
    if (last.action === "delete") return "older";
    return textOf(likeTold(change.record, last.record)) === textOf(likeTold(last.record, change.record))
      ? "newer"
      : "unclear";
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
