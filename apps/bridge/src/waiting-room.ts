import type { Change } from "./row.ts";

/** What a waiting room needs. */
export interface WaitingRoomContext {
  /** How long a change waits for older ones. */
  readonly holdMs: number;
  /** When a row was written, as a text that grows with time; nothing where that is not known. */
  readonly stampOf: (change: Change) => string | undefined;
  readonly leave: (change: Change) => void;
}

interface Held {
  readonly change: Change;
  readonly stamp: string | undefined;
  readonly timer: NodeJS.Timeout;
}

/**
 * Holds each change for a moment, and lets older ones of any record go before it: a membership that was given before a
 * message must be known before it. What has no stamp, deletes too, keeps its place in time.
 */
export class WaitingRoom {
  readonly #context: WaitingRoomContext;
  readonly #held = new Set<Held>();

  constructor(context: WaitingRoomContext) {
    this.#context = context;
  }

  enter(change: Change): void {
    const stamp = change.action === "delete" ? undefined : this.#context.stampOf(change);
    const held: Held = { change, stamp, timer: setTimeout(() => this.#release(held), this.#context.holdMs) };
    this.#held.add(held);
  }

  /** Lets all go that wait. */
  empty(): void {
    for (const held of this.#held) this.#release(held);
  }

  #release(due: Held): void {
    const { stamp: until } = due;
    const older = [...this.#held].filter(
      ({ stamp }) => stamp !== undefined && until !== undefined && stamp < until,
    );
    const ordered = older.toSorted((one, other) => ((one.stamp ?? "") < (other.stamp ?? "") ? -1 : 1));
    for (const held of [...ordered, due]) {
      clearTimeout(held.timer);
      this.#held.delete(held);
      this.#context.leave(held.change);
    }
  }
}
