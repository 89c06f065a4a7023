import { guest, type Identity, type Subscription } from "@sluice/protocol";

/** Where a client's bytes go. */
export interface ClientSink {
  /**
   * Writes frames that follow each other; the bytes are shared with other clients.
   * Does not throw: a sink that cannot write ends itself.
   */
  write(frames: readonly Uint8Array[]): void;
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
  #outbox: Uint8Array[] = [];

  constructor(id: string, address: string, sink: ClientSink) {
    this.id = id;
    this.address = address;
    this.#sink = sink;
  }

  /**
   * Puts a frame into the outbox.
   * @returns whether the outbox was empty before
   */
  enqueue(frame: Uint8Array): boolean {
    return this.#outbox.push(frame) === 1;
  }

  /** Hands the outbox to the sink, all in one. */
  flush(): void {
    const frames = this.#outbox;
    this.#outbox = [];
    if (frames.length > 0) this.#sink.write(frames);
  }
}
