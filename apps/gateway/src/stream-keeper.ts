import { setTimeout as delay } from "node:timers/promises";
import type { Batch } from "@sluice/hub";
import type { StreamSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";

const sweepMs = 1_000;

/** Most silent streams that a sweep ends, as a share of all, or so many: behind one message to all they are silent together. */
const sweepShare = 1 / 30;
const leastPerSweep = 100;

/** How often due heartbeats are sent, and most of them at once: together they would hold the event loop. */
const beatStepMs = 100;
const beatsPerStep = 1_000;
const endStepMs = 50;

/** What a keeper is made with. */
export interface StreamKeeperContext {
  readonly settings: StreamSettings;
  readonly nowMs: () => number;
  /** Whether a stream that ends now could come back and subscribe. */
  readonly connected: () => boolean;
  /** Makes an orphan of a stream's client; false where the stream has to go on. */
  readonly orphan: (stream: Stream) => Promise<boolean>;
  /** What a heartbeat tells a stream, if anything. */
  readonly newsFor: (stream: Stream) => Batch | undefined;
  /** Called about once a second. */
  readonly onSweep: () => void;
}

/** All streams of this node. Two timers, whatever their number: one ends what is due, one sends heartbeats. */
export class StreamKeeper {
  readonly #streams = new Map<string, Stream>();
  readonly #context: StreamKeeperContext;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Those whose place is being noted down. */
  readonly #ending = new Set<Stream>();

  constructor(context: StreamKeeperContext) {
    this.#context = context;
  }

  start(): void {
    this.#timers.push(setInterval(() => this.#sweep(), sweepMs));
    if (this.#context.settings.heartbeatSeconds > 0) {
      this.#timers.push(setInterval(() => this.#beatDue(), beatStepMs));
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  add(stream: Stream): void {
    this.#streams.set(stream.clientId, stream);
  }

  remove(clientId: string): void {
    this.#streams.delete(clientId);
  }

  find(clientId: string): Stream | undefined {
    return this.#streams.get(clientId);
  }

  /**
   * Ends the streams that are open now, at a steady pace; returns when they are gone.
   * @param overMs the time to spread them over
   * @param graceMs how much longer a stream that may not be ended politely yet is waited for before it is cut
   */
  endAll(overMs: number, graceMs: number): Promise<void> {
    return this.#endPaced(new Set(this.#streams.values()), overMs, graceMs);
  }

  /** Ends those that have subscribed, as {@link endAll} does. */
  endSubscribed(overMs: number, graceMs: number): Promise<void> {
    const subscribed = [...this.#streams.values()].filter(({ isSubscribed }) => isSubscribed);
    return this.#endPaced(new Set(subscribed), overMs, graceMs);
  }

  /**
   * Ends those that are open longest, as far as they can be ended now: who comes back is the last to be ended again.
   * @returns how many
   */
  endOldest(count: number): number {
    return this.#endSome(this.#streams.values(), count);
  }

  /**
   * Ends one, so that its client comes back.
   * @returns false where it is not here, or may not be ended now
   */
  endOne(clientId: string): boolean {
    const stream = this.#streams.get(clientId);
    return stream !== undefined && this.#endSome([stream], 1) === 1;
  }

  async #endPaced(waiting: Set<Stream>, overMs: number, graceMs: number): Promise<void> {
    const endMs = this.#context.nowMs() + overMs;
    while (waiting.size > 0) {
      const leftMs = endMs - this.#context.nowMs();
      const share = Math.ceil(waiting.size / Math.max(1, leftMs / endStepMs));
      if (leftMs < -graceMs) {
        for (const stream of waiting) stream.end();
        return;
      }
      this.#endSome(waiting, share);
      await delay(endStepMs);
      for (const stream of waiting) if (this.#isGone(stream)) waiting.delete(stream);
    }
  }

  /** @returns how many of them */
  #endSome(waiting: Iterable<Stream>, share: number): number {
    let count = 0;
    for (const stream of waiting) {
      if (count >= share) break;
      if (this.#ending.has(stream) || this.#isGone(stream) || !stream.mayEnd()) continue;
      void this.#end(stream);
      count += 1;
    }
    return count;
  }

  #isGone(stream: Stream): boolean {
    return this.#streams.get(stream.clientId) !== stream || stream.endedForMs() > 0;
  }

  /** Ends a stream, unless its client could not come back: whoever wants its end has to try again. */
  async #end(stream: Stream): Promise<void> {
    this.#ending.add(stream);
    if (await this.#context.orphan(stream)) stream.end();
    this.#ending.delete(stream);
  }

  #sweep(): void {
    const stallMs = this.#context.settings.stallSeconds * 1000;
    const [old, silent]: [Stream[], Stream[]] = [[], []];
    for (const stream of this.#streams.values()) {
      // what ended politely and is still here never took its end
      if (stream.endedForMs() > stallMs || stream.stalledMs() > stallMs) stream.cut("stalled");
      else if (this.#context.nowMs() >= stream.deadlineMs) old.push(stream);
      else if (this.#isSilent(stream)) silent.push(stream);
    }
    // without Redis they could not come back: they would miss more than if they stayed
    if (this.#context.connected()) {
      this.#endSome(old, Infinity);
      this.#endSome(silent, Math.max(leastPerSweep, this.#streams.size * sweepShare));
    }
    this.#context.onSweep();
  }

  #isSilent(stream: Stream): boolean {
    const { idleSeconds } = this.#context.settings;
    return idleSeconds > 0 && this.#context.nowMs() - stream.lastFrameMs() >= idleSeconds * 1000;
  }

  #beatDue(): void {
    const dueMs = this.#context.nowMs() - this.#context.settings.heartbeatSeconds * 1000;
    let left = beatsPerStep;
    for (const stream of this.#streams.values()) {
      if (stream.lastBeatMs > dueMs) continue;
      stream.beat(this.#context.newsFor(stream));
      left -= 1;
      if (left === 0) return;
    }
  }
}
