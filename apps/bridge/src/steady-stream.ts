import type { RecordStream, StreamHandlers } from "./record-stream.ts";
import { type Change, recordKey, textOf } from "./row.ts";

/** How long a stream is used. */
export interface StreamLimits {
  /** One that has brought nothing for so long is replaced: PocketBase ends it soon. */
  readonly idleMs: number;
  /** So is one that is so old. */
  readonly ageMs: number;
  /** How long two are listened to, so that what one brings late has come. */
  readonly overlapMs: number;
}

/** What a steady stream is made of. */
interface SteadyStreamContext extends StreamLimits {
  readonly open: (handlers: StreamHandlers) => Promise<RecordStream>;
}

/** PocketBase ends a stream after 5 minutes without a frame, and after 30 in any case. */
export const pocketBaseLimits: StreamLimits = { idleMs: 240_000, ageMs: 1_500_000, overlapMs: 2_000 };

/**
 * Follows records over one stream after the other, each opened before the one before it is closed, so that PocketBase's
 * limits of a stream are no gap. What both bring is handed on once.
 */
export async function openSteadyStream(
  context: SteadyStreamContext,
  handlers: StreamHandlers,
): Promise<RecordStream> {
  const steady = new SteadyStream(context, handlers);
  await steady.open();
  return steady;
}

class SteadyStream implements RecordStream {
  readonly #context: SteadyStreamContext;
  readonly #handlers: StreamHandlers;
  #current: RecordStream | undefined;
  /** The one that is to replace it, once it is live. */
  #next: RecordStream | undefined;
  /** What one of two streams has brought and the other has not, while there are two; how often. */
  #unmatched: { readonly old: Map<string, number>; readonly next: Map<string, number> } | undefined;
  #idle: NodeJS.Timeout | undefined;
  #age: NodeJS.Timeout | undefined;
  #overlap: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(context: SteadyStreamContext, handlers: StreamHandlers) {
    this.#context = context;
    this.#handlers = handlers;
  }

  async open(): Promise<void> {
    this.#current = await this.#openOne();
    this.#watch();
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of [this.#idle, this.#age, this.#overlap]) clearTimeout(timer);
    this.#current?.close();
    this.#next?.close();
  }

  #watch(): void {
    const renew = (): void => void this.#renew();
    for (const timer of [this.#idle, this.#age]) clearTimeout(timer);
    this.#idle = setTimeout(renew, this.#context.idleMs);
    this.#age = setTimeout(renew, this.#context.ageMs);
  }

  async #openOne(): Promise<RecordStream> {
    // what comes before it is opened is already the next one's
    const own: { stream?: RecordStream } = {};
    own.stream = await this.#context.open({
      change: (change) => this.#take(change, own.stream === undefined || own.stream !== this.#current),
      ended: () => {
        if (own.stream !== undefined) this.#lose(own.stream);
      },
    });
    return own.stream;
  }

  /** A stream has ended by itself. */
  #lose(stream: RecordStream): void {
    if (stream === this.#next) this.#giveUpNext();
    else if (stream === this.#current && this.#next !== undefined) this.#moveOn();
    else if (stream === this.#current) this.#end();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.close();
    this.#handlers.ended();
  }

  /** Opens the next stream; where that fails the old one goes on, and its end is a gap. */
  async #renew(): Promise<void> {
    if (this.#unmatched !== undefined || this.#isClosed) return;
    this.#unmatched = { old: new Map(), next: new Map() };
    const next = await this.#openOne().catch(() => undefined);
    if (this.#isClosed) return next?.close();
    this.#next = next;
    if (next === undefined) this.#giveUpNext();
    else this.#overlap = setTimeout(() => this.#moveOn(), this.#context.overlapMs);
  }

  #giveUpNext(): void {
    clearTimeout(this.#overlap);
    this.#next = undefined;
    this.#unmatched = undefined;
    this.#watch();
  }

  #moveOn(): void {
    clearTimeout(this.#overlap);
    const old = this.#current;
    this.#current = this.#next;
    this.#next = undefined;
    this.#unmatched = undefined;
    old?.close();
    this.#watch();
  }

  #take(change: Change, isNext: boolean): void {
    if (this.#isClosed) return;
    this.#idle?.refresh();
    if (!this.#isEcho(change, isNext)) this.#handlers.change(change);
  }

  #isEcho(change: Change, isNext: boolean): boolean {
    if (this.#unmatched === undefined) return false;
    const [own, other] = isNext
      ? [this.#unmatched.next, this.#unmatched.old]
      : [this.#unmatched.old, this.#unmatched.next];
    const key = `${change.action} ${recordKey(change)} ${textOf(change.record)}`;
    const waiting = other.get(key) ?? 0;
    if (waiting > 0) other.set(key, waiting - 1);
    else own.set(key, (own.get(key) ?? 0) + 1);
    return waiting > 0;
  }
}
