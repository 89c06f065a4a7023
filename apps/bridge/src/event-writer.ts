import { setTimeout as delay } from "node:timers/promises";
import { keptRowOf, type LoggedEvent } from "@sluice/protocol";
import type { Logger } from "pino";
import type { KeptRecords } from "./kept-records.ts";
import { type Change, recordKey, textOf } from "./row.ts";

/** Most changes written in one step. */
const batchChanges = 100;

/** Most rows of comparisons that are remembered; what the stream tells of the others again is written again. */
const maxFound = 10_000;

const retryMs = { first: 100, most: 5_000 };

/** What a writer needs. */
export interface WriterContext {
  readonly kept: Pick<KeptRecords, "append">;
  readonly log: Logger;
  /** Adds to the rows of changes what the stream does not tell. Throws where that cannot be found out. */
  readonly complete: (changes: readonly Change[]) => Promise<readonly Change[]>;
  /** Most changes that wait. */
  readonly maxWaiting: number;
  /** More wait than may: those are dropped, and so is the writer; what is missing has to be found by a comparison. */
  readonly overflowed: () => void;
}

/** A change and whether a comparison found it: then it counts only where the stream does not tell of the record. */
interface Waiting {
  readonly change: Change;
  readonly isFound: boolean;
}

/**
 * Writes changes to the log, one after the other, in the order in which they come. What cannot be written now is tried
 * until it can be; it may be in the log twice then.
 */
export class EventWriter {
  readonly #context: WriterContext;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #isSettled = false;
  /** The records that the stream told of: what a comparison finds of them is older. */
  readonly #told = new Set<string>();
  /** The rows that comparisons wrote and the stream may still tell of. */
  readonly #found = new Map<string, string>();

  constructor(context: WriterContext) {
    this.#context = context;
  }

  /** Takes a change that the stream told. */
  write(change: Change): void {
    if (!this.#isSettled) this.#told.add(recordKey(change));
    this.#add({ change, isFound: false });
  }

  /**
   * Takes a change that a comparison found; it is dropped where the stream tells of the record.
   * @returns when there is room for the next one: what is found must not crowd out what the stream tells
   */
  async writeFound(change: Change): Promise<void> {
    this.#add({ change, isFound: true });
    if (this.#waiting.length >= this.#context.maxWaiting / 2) await this.idle();
  }

  /** Returns when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Has comparisons before it: what the stream tells from now on goes over what they find. */
  expectFound(): void {
    this.#isSettled = false;
  }

  /** Has the comparisons behind it: from now on the stream alone counts. */
  settle(): void {
    this.#isSettled = true;
    this.#told.clear();
    this.#found.clear();
  }

  /** Drops what waits. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
  }

  #add(waiting: Waiting): void {
    if (this.#isClosed) return;
    if (this.#waiting.length >= this.#context.maxWaiting) {
      this.close();
      this.#context.overflowed();
      return;
    }
    this.#waiting.push(waiting);
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    for (let waitMs = retryMs.first; this.#waiting.length > 0;) {
      const batch = this.#waiting.slice(0, batchChanges);
      try {
        await this.#append(batch);
        // a close in between has emptied the line
        if (!this.#isClosed) this.#waiting.splice(0, batch.length);
        waitMs = retryMs.first;
      } catch (err) {
        this.#context.log.warn(
          { err, waiting: this.#waiting.length },
          "changes could not be written, trying again",
        );
        await delay(waitMs);
        waitMs = Math.min(waitMs * 2, retryMs.most);
      }
    }
    // in the same step in which nothing waits any more: what comes then begins anew
    this.#writing = undefined;
  }

  async #append(batch: readonly Waiting[]): Promise<void> {
    const changes = await this.#context.complete(batch.map(({ change }) => change));
    // the next writer may have written newer rows by now
    if (this.#isClosed) return;
    const completed = changes.map((change, at) => ({ change, isFound: batch[at]?.isFound === true }));
    const counting = completed.filter((waiting) => this.#counts(waiting));
    if (counting.length > 0) await this.#context.kept.append(counting.map(({ change }) => asEvent(change)));
    for (const { change, isFound } of completed) this.#note(change, isFound);
  }

  #counts({ change, isFound }: Waiting): boolean {
    const key = recordKey(change);
    // the comparison was quicker than the stream
    return isFound ? !this.#told.has(key) : this.#found.get(key) !== stateOf(change);
  }

  #note(change: Change, isFound: boolean): void {
    const key = recordKey(change);
    if (!isFound) this.#found.delete(key);
    else if (this.#found.size < maxFound) this.#found.set(key, stateOf(change));
  }
}

function stateOf({ action, record }: Change): string {
  return action === "delete" ? "" : textOf(record);
}

function asEvent({ action, collection, record }: Change): LoggedEvent {
  return {
    text: JSON.stringify({ action, collection, record }),
    row: keptRowOf({ kind: "record", action, collection, record }),
  };
}
