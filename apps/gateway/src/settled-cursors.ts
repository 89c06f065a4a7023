import type { Progress } from "@sluice/backplane";
import type { Hub } from "@sluice/hub";
import { type Cursor, encodeCursor, hasHad } from "@sluice/protocol";
import type { RecentEvents } from "./recent-events.ts";
import type { StreamKeeper } from "./stream-keeper.ts";

/** What settled cursors are found with. */
export interface SettledCursorsContext {
  readonly hub: Hub;
  readonly streams: StreamKeeper;
  readonly recent: RecentEvents;
}

/**
 * How far in the log the clients are that do not keep a cursor themselves: each was handed to the kernel all that it
 * had to get up to there.
 */
export class SettledCursors {
  readonly #context: SettledCursorsContext;
  readonly #cursors = new Map<string, Cursor>();
  /** Where the node was at the last look. */
  #lastPosition: string | undefined;

  constructor(context: SettledCursorsContext) {
    this.#context = context;
  }

  /** Begins with a client that has subscribed, or that has something older to come. */
  start(clientId: string, cursor: Cursor): void {
    this.#cursors.set(clientId, cursor);
  }

  forget(clientId: string): void {
    this.#cursors.delete(clientId);
  }

  /** All lie before a gap: what comes behind it is what they miss. */
  restartAt(entry: string): void {
    const cursor = { entry };
    for (const clientId of this.#cursors.keys()) this.#cursors.set(clientId, cursor);
    this.#lastPosition = undefined;
  }

  /** Where a client is now; nothing where it has not subscribed. */
  of(clientId: string): string | undefined {
    const cursor = this.#cursors.get(clientId);
    if (cursor === undefined) return undefined;
    return this.#isSettled(clientId) ? this.#context.recent.position : encodeCursor(cursor);
  }

  /**
   * Looks where all are. Somebody nearly always has a frame of this moment under way: what all have had is where the
   * node was at the last look.
   */
  look(): Progress {
    const { position } = this.#context.recent;
    const last = this.#lastPosition ?? position;
    this.#lastPosition = position;
    const here = { entry: position };
    const laggards = new Map<string, string>();
    for (const [clientId, cursor] of this.#cursors) {
      if (this.#isSettled(clientId)) this.#cursors.set(clientId, here);
      else if (!hasHad(cursor, { entry: last }) && !this.#isSealed(clientId)) {
        laggards.set(clientId, encodeCursor(cursor));
      }
    }
    return { position: last, laggards };
  }

  /** Those behind a gap are all ended within seconds. */
  #isSealed(clientId: string): boolean {
    return this.#context.hub.find(clientId)?.isSealed === true;
  }

  #isSettled(clientId: string): boolean {
    const { hub, streams } = this.#context;
    return hub.isSettled(clientId) && streams.find(clientId)?.unsentBytes === 0;
  }
}
