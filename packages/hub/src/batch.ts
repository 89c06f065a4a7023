import type { Cursor } from "@sluice/protocol";

/** The bytes of one SSE event, shared by all who get it. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** What it is about, for one subscription: a newer frame says all that an older one of the same subject said. */
  readonly subject: string | undefined;
  /** Where a client is in the log that has had it; frames of channel events say nothing of that. */
  readonly cursor?: Cursor | undefined;
}

/**
 * Frames that follow each other in one write. Clients that were sent the same frames share one, so that they are joined
 * once for all.
 */
export class Batch {
  readonly #before: Batch | undefined;
  readonly #frame: Frame | undefined;
  readonly byteLength: number;
  /** What sinks make of the bytes for their wire, if that is the same for all who share them. */
  wire: Uint8Array | undefined;
  #bytes: Uint8Array | undefined;
  /** The last continuation, which is nearly always the next one, and all of them once there are several. */
  #latest: { readonly frame: Frame; readonly batch: Batch } | undefined;
  #several: Map<Frame, Batch> | undefined;

  /** Without arguments the empty batch, with which others begin. */
  constructor(before?: Batch, frame?: Frame) {
    this.#before = before;
    this.#frame = frame;
    this.byteLength = (before?.byteLength ?? 0) + (frame?.bytes.length ?? 0);
  }

  /** The batch with one frame more. */
  with(frame: Frame): Batch {
    if (this.#latest?.frame === frame) return this.#latest.batch;
    const batch = this.#several?.get(frame) ?? new Batch(this, frame);
    if (this.#latest !== undefined) {
      this.#several ??= new Map([[this.#latest.frame, this.#latest.batch]]);
      this.#several.set(frame, batch);
    }
    this.#latest = { frame, batch };
    return batch;
  }

  /** All frames as one; never mutate. */
  get bytes(): Uint8Array {
    this.#bytes ??= this.#join();
    return this.#bytes;
  }

  #join(): Uint8Array {
    if (this.#frame !== undefined && (this.#before?.byteLength ?? 0) === 0) return this.#frame.bytes;
    const joined = new Uint8Array(this.byteLength);
    let [frame, before] = [this.#frame, this.#before];
    while (frame !== undefined && before !== undefined) {
      joined.set(frame.bytes, before.byteLength);
      [frame, before] = [before.#frame, before.#before];
    }
    return joined;
  }
}
