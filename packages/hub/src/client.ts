import { type Cursor, guest, type Identity, type Subscription } from "@sluice/protocol";
import type { Batch, Frame } from "./batch.ts";
import { WaitingFrames } from "./waiting-frames.ts";

/** Most bytes of what waited that are handed to a sink at once: it takes them over whatever they are. */
const pieceBytes = 65_536;

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
  // what every frame reads stands first, next to what `prefetch` reads
  #outbox: Batch | undefined;
  #waiting: WaitingFrames | undefined;
  #isSealed = false;
  readonly #sink: ClientSink;
  readonly id: string;
  readonly address: string;
  identity: Identity = guest;
  /** By subscription string, in the order of the request. */
  subscriptions: ReadonlyMap<string, Subscription> = new Map();
  /** The ticket of the change applied last; 0 before the first. */
  version = 0;
  /** Why frames wait: the sink takes none, or older ones have to come first. */
  #isStuck = false;
  #isHeld = false;

  constructor(id: string, address: string, sink: ClientSink) {
    this.id = id;
    this.address = address;
    this.#sink = sink;
  }

  /** Bytes that wait because the client takes none, or is held. */
  get waitingBytes(): number {
    return this.#waiting?.byteLength ?? 0;
  }

  /** Whether frames have to wait. */
  get isBlocked(): boolean {
    return this.#waiting !== undefined;
  }

  /** Whether frames wait for older ones. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether the client gets no frames any more. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  /** Whether all frames so far are written, and the next ones will be. */
  get isSettled(): boolean {
    return this.#outbox === undefined && !this.isBlocked && !this.#isSealed;
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
   * Hands the outbox to the sink, and then what waits, for as long as it takes more.
   * @param maxWaitingBytes how much may wait from now on if the sink takes no more
   */
  flush(maxWaitingBytes: number): void {
    let batch = this.#outbox;
    this.#outbox = undefined;
    while (batch !== undefined) {
      if (!this.#sink.write(batch)) {
        this.#isStuck = true;
        this.#waiting ??= new WaitingFrames(maxWaitingBytes);
        return;
      }
      batch = this.#takePiece();
    }
  }

  /**
   * Takes bytes again.
   * @returns whether something is in the outbox now
   */
  unblock(): boolean {
    this.#isStuck = false;
    this.#outbox ??= this.#takePiece();
    return this.#outbox !== undefined;
  }

  /** Lets frames wait from now on. */
  hold(maxWaitingBytes: number): void {
    this.#isHeld = true;
    this.#waiting ??= new WaitingFrames(maxWaitingBytes);
  }

  /**
   * Has had what it was held for.
   * @param had see {@link WaitingFrames.putFirst}
   * @returns whether something is in the outbox now
   */
  endHold(missed: readonly Frame[], had: Cursor | undefined): boolean {
    this.#isHeld = false;
    this.#waiting?.putFirst(missed, had);
    this.#outbox ??= this.#takePiece();
    return this.#outbox !== undefined;
  }

  /** Takes no frames any more; what waits is still written. */
  seal(): void {
    this.#isSealed = true;
  }

  /** Forgets what was not written. */
  drop(): void {
    this.#outbox = undefined;
    this.#waiting = undefined;
  }

  /** What waits and may be written now; where that is all, nothing has to wait any more. */
  #takePiece(): Batch | undefined {
    if (this.#waiting === undefined || this.#isStuck || this.#isHeld) return undefined;
    if (this.#waiting.byteLength > 0) return this.#waiting.take(pieceBytes);
    this.#waiting = undefined;
    return undefined;
  }

  cut(): void {
    this.#sink.cut();
  }
}
