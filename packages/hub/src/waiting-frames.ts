import { type Cursor, encodeFrame, hasHad } from "@sluice/protocol";
import { Batch, type Frame } from "./batch.ts";

/**
 * The frames of a client that takes none at the moment. Before they are too many, only the newest of each subject is
 * kept: the client sees the last state of every record, and not each step, and is told so.
 */
export class WaitingFrames {
  readonly #maxBytes: number;
  /** What goes out next; it is neither counted against the limit nor conflated. */
  #next: readonly Frame[] = [];
  #nextBytes = 0;
  #rest: Frame[] = [];
  #restBytes = 0;
  /** The newest of the rest by subject, once they were too many. */
  #newest: Map<unknown, Frame> | undefined;
  #skipped = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get byteLength(): number {
    return this.#nextBytes + this.#restBytes;
  }

  /** @returns false where they are too many bytes, even so */
  add(frame: Frame): boolean {
    if (this.#newest === undefined) {
      this.#rest.push(frame);
      this.#restBytes += frame.bytes.length;
      if (this.#restBytes > this.#maxBytes) this.#conflate();
    } else {
      this.#replace(this.#newest, frame);
    }
    return this.#restBytes <= this.#maxBytes;
  }

  /**
   * Puts what a client missed in front of all that waits, but for what is on its way out.
   * @param had what the client has had with it; what waits and is not behind it is dropped
   */
  putFirst(missed: readonly Frame[], had: Cursor | undefined): void {
    const waiting = this.#takeRest();
    const isNew = ({ cursor }: Frame): boolean =>
      had === undefined || cursor === undefined || !hasHad(had, cursor);
    this.#setNext([...this.#next, ...missed, ...waiting.filter(isNew)]);
  }

  /** Takes out the oldest, as one batch of at most so many bytes, or of one frame. */
  take(maxBytes: number): Batch {
    if (this.#next.length === 0) this.#setNext(this.#takeRest());
    let batch = new Batch();
    let taken = 0;
    for (const frame of this.#next) {
      if (taken > 0 && batch.byteLength + frame.bytes.length > maxBytes) break;
      batch = batch.with(frame);
      taken += 1;
    }
    this.#next = this.#next.slice(taken);
    this.#nextBytes -= batch.byteLength;
    return batch;
  }

  #setNext(frames: readonly Frame[]): void {
    this.#next = frames;
    this.#nextBytes = frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** The rest in its order, behind the news of what was left out of it. */
  #takeRest(): readonly Frame[] {
    const rest = this.#newest === undefined ? this.#rest : [...this.#newest.values()];
    const skipped = this.#skipped;
    this.#rest = [];
    this.#restBytes = 0;
    this.#newest = undefined;
    this.#skipped = 0;
    return skipped === 0 ? rest : [conflated(skipped), ...rest];
  }

  #conflate(): void {
    this.#newest = new Map();
    this.#restBytes = 0;
    for (const frame of this.#rest) this.#replace(this.#newest, frame);
    this.#rest = [];
  }

  /** The newest stands where it came, behind what is older than it. */
  #replace(newest: Map<unknown, Frame>, frame: Frame): void {
    // what has no subject is like nothing else
    const subject = frame.subject ?? frame;
    const older = newest.get(subject);
    if (older !== undefined) this.#skipped += 1;
    this.#restBytes += frame.bytes.length - (older?.bytes.length ?? 0);
    newest.delete(subject);
    newest.set(subject, frame);
  }
}

function conflated(skipped: number): Frame {
  const bytes = encodeFrame({ event: "@conflated", data: JSON.stringify({ skipped }) });
  return { bytes, subject: undefined };
}
