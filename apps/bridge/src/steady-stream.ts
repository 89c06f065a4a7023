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

/** Changes, and how often each. */
type Counts = Map<string, number>;

/** What one of two streams has brought and the other has not. */
interface Unmatched {
  /** The old one, before the next one was live, which may never bring it. */
  readonly early: Counts;
  /** The old one since. */
  readonly old: Counts;
  readonly next: Counts;
}

class SteadyStream implements RecordStream {
  readonly #context: SteadyStreamContext;
  readonly #handlers: StreamHandlers;
  #current: RecordStream | undefined;
  /** The one that is to replace it, once it is live. */
  #next: RecordStream | undefined;
  /** While there are two. */
  #unmatched: Unmatched | undefined;
  /** What a stream brought that was given up then, and the one that stayed has still to bring. */
  #late: Counts = new Map();
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
    this.#unmatched = { early: new Map(), old: new Map(), next: new Map() };
    const next = await this.#openOne().catch(() => undefined);
    if (this.#isClosed) return next?.close();
    this.#next = next;
    if (next === undefined) this.#giveUpNext();
    else this.#overlap = setTimeout(() => this.#moveOn(), this.#context.overlapMs);
  }

  #giveUpNext(): void {
    this.#beOne(this.#unmatched?.next);
  }

  #moveOn(): void {
    const old = this.#current;
    this.#current = this.#next;
    this.#beOne(this.#unmatched?.old);
    old?.close();
  }

  #beOne(late: Counts = new Map()): void {
    clearTimeout(this.#overlap);
    this.#next = undefined;
    this.#unmatched = undefined;
    this.#late = late;
    this.#watch();
  }

  #take(change: Change, isNext: boolean): void {
    if (this.#isClosed) return;
    this.#idle?.refresh();
    if (!this.#isEcho(change, isNext)) this.#handlers.change(change);
  }

  #isEcho(change: Change, isNext: boolean): boolean {
    const unmatched = this.#unmatched;
    if (unmatched === undefined && this.#late.size === 0) return false;
    const key = `${change.action} ${recordKey(change)} ${textOf(change.record)}`;
    if (unmatched === undefined) return takeOne(this.#late, key);
    const others = isNext ? [unmatched.early, unmatched.old] : [this.#late, unmatched.next];
    if (others.some((counts) => takeOne(counts, key))) return true;
    const before = this.#next === undefined ? unmatched.early : unmatched.old;
    const own = isNext ? unmatched.next : before;
    own.set(key, (own.get(key) ?? 0) + 1);
    return false;
  }
}

function takeOne(counts: Counts, key: string): boolean {
  const count = counts.get(key) ?? 0;
  if (count > 1) counts.set(key, count - 1);
  else counts.delete(key);
  return count > 0;
}
