import { guest, type Identity, type Subscription } from "@sluice/protocol";
import type { Batch, Frame } from "./batch.ts";
import { WaitingFrames } from "./waiting-frames.ts";

/** Where a client's bytes go. */
export interface ClientSink {
  /**
   * Writes frames; their bytes are shared with other clients. Does not throw: a sink that cannot write ends itself.
   * @returns false where it takes no more for now; the hub is told when it does
   */
  write(batch: Batch): boolean;
  /** Ends the client at once: more waits for it than may. */
  cut(): void;
}

/** One open stream of this node: who it belongs to, what it asked for, and its bytes not yet written. */
export class Client {
  readonly id: string;
  readonly address: string;
  readonly #sink: ClientSink;
  identity: Identity = guest;
  /** By subscription string, in the order of the request. */
  subscriptions: ReadonlyMap<string, Subscription> = new Map();
  /** The ticket of the change applied last; 0 before the first. */
  version = 0;
  #outbox: Batch | undefined;
  #waiting: WaitingFrames | undefined;

  constructor(id: string, address: string, sink: ClientSink) {
    this.id = id;
    this.address = address;
    this.#sink = sink;
  }

  /** Bytes that wait because the client takes none. */
  get waitingBytes(): number {
    return this.#waiting?.byteLength ?? 0;
  }

  /** Whether the client takes no bytes for now. */
  get isBlocked(): boolean {
    return this.#waiting !== undefined;
  }

  /**
   * Puts a frame into the outbox.
   * @param start what all outboxes begin with that are empty now
   * @returns whether the outbox was empty before
   */
  enqueue(frame: Frame, start: Batch): boolean {
    const wasEmpty = this.#outbox === undefined;
    this.#outbox = (this.#outbox ?? start).with(frame);
    return wasEmpty;
  }

  /**
   * Puts a frame behind those that wait.
   * @returns false where they are too many bytes
   */
  wait(frame: Frame): boolean {
    return this.#waiting?.add(frame) ?? true;
  }

  /**
   * Hands the outbox to the sink, all in one.
   * @param maxWaitingBytes how much may wait from now on if the sink takes no more
   */
  flush(maxWaitingBytes: number): void {
    const batch = this.#outbox;
    this.#outbox = undefined;
    if (batch !== undefined && !this.#sink.write(batch)) this.#waiting = new WaitingFrames(maxWaitingBytes);
  }

  /** Takes bytes again: what waited is in the outbox. */
  unblock(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined && waiting.byteLength > 0) this.#outbox = waiting.toBatch();
  }

  /** Forgets what was not written. */
  drop(): void {
    this.#outbox = undefined;
    this.#waiting = undefined;
  }

  cut(): void {
    this.#sink.cut();
  }
}
