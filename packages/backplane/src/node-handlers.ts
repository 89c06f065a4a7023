import type { Identity } from "@sluice/protocol";
import type { ClientState, LastFrame } from "./backplane.ts";

/** How an event came in. */
export interface EventSource {
  readonly door: "log" | "record" | "message";
  /** The place in the log; only logged events have one. */
  readonly cursor?: string;
  /** The collection that the channel names. */
  readonly collection?: string;
}

/** What a node does with what comes in. Every function is synchronous and does not throw. */
export interface NodeHandlers {
  /**
   * The place in the log behind which events come: told before the first of them, and when it moves without an event.
   */
  position(cursor: string): void;
  /** Takes one event, as written. Logged events come in log order, each once. */
  event(text: string, source: EventSource): void;
  /** Applies a change to a client of this node, unless a newer one was applied. */
  apply(change: AppliedChange): "applied" | "unknown-client";
  /** Writes a frame to a client of this node and drops its subscription. */
  sendLast(frame: LastFrame): "sent" | "unknown-client";
  /** The state of a client of this node, for a directory that has lost it. */
  describe(clientId: string): ClientState | undefined;
  /** The stored collections have changed. */
  collectionsChanged(): void;
  /**
   * The kept rows of a collection were seeded.
   * @param collection its name, or `*`: some may have been while this node did not hear it
   */
  recordsSeeded(collection: string): void;
  /** Takes what a node tells of itself, once this one listens. */
  stats(text: string): void;
  /** Answers a question that a node has asked all. */
  answer(question: string): string;
  /** The backplane was lost, or is back. */
  connectionChanged(connected: boolean): void;
  /** Events may be missing: the log no longer has this node's place in it. It goes on behind another. */
  gap(cursor: string): void;
  /** A fault that is no request's, for the log. */
  fault(error: unknown, doing: string): void;
}

export interface AppliedChange {
  readonly clientId: string;
  readonly version: number;
  readonly identity: Identity;
  readonly subscriptions: readonly string[];
  /** Where the orphan was in the log that the client adopts; counts with a client's first change. */
  readonly adopted?: string | undefined;
}
