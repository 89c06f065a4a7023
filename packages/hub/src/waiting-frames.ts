import { Batch, type Frame } from "./batch.ts";

/**
 * The frames of a client that takes none at the moment. Before they are too many, only the newest of each subject is
 * kept: the client sees the last state of every record, and not each step.
 */
export class WaitingFrames {
  readonly #maxBytes: number;
  #frames: Frame[] = [];
  /** The newest frames by subject, once there were too many. */
  #newest: Map<unknown, Frame> | undefined;
  #byteLength = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** @returns false where they are too many bytes, even so */
  add(frame: Frame): boolean {
    if (this.#newest === undefined) {
      this.#frames.push(frame);
      this.#byteLength += frame.bytes.length;
      if (this.#byteLength > this.#maxBytes) this.#conflate();
    } else {
      this.#replace(this.#newest, frame);
    }
    return this.#byteLength <= this.#maxBytes;
  }

  /** All frames in their order, as one batch. */
  toBatch(): Batch {
    const frames = this.#newest?.values() ?? this.#frames;
    let batch = new Batch();
    for (const frame of frames) batch = batch.with(frame);
    return batch;
  }

  #conflate(): void {
    this.#newest = new Map();
    this.#byteLength = 0;
    for (const frame of this.#frames) this.#replace(this.#newest, frame);
    this.#frames = [];
  }

  /** The newest stands where it came, behind what is older than it. */
  #replace(newest: Map<unknown, Frame>, frame: Frame): void {
    // what has no subject is like nothing else
    const subject = frame.subject ?? frame;
    this.#byteLength += frame.bytes.length - (newest.get(subject)?.bytes.length ?? 0);
    newest.delete(subject);
    newest.set(subject, frame);
  }
}
