import { setTimeout as delay } from "node:timers/promises";
import type { StreamSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";

const sweepMs = 1_000;
const endStepMs = 50;

/** What a keeper is made with. */
export interface StreamKeeperContext {
  readonly settings: StreamSettings;
  readonly nowMs: () => number;
}

/** All streams of this node. Two timers, whatever their number: one ends what is due, one sends heartbeats. */
export class StreamKeeper {
  readonly #streams = new Map<string, Stream>();
  readonly #settings: StreamSettings;
  readonly #nowMs: () => number;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor({ settings, nowMs }: StreamKeeperContext) {
    this.#settings = settings;
    this.#nowMs = nowMs;
  }

  start(): void {
    this.#timers.push(setInterval(() => this.#sweep(), sweepMs));
    const { heartbeatSeconds } = this.#settings;
    if (heartbeatSeconds > 0) this.#timers.push(setInterval(() => this.#beat(), heartbeatSeconds * 1000));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  get size(): number {
    return this.#streams.size;
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
  async endAll(overMs: number, graceMs: number): Promise<void> {
    const waiting = new Set(this.#streams.values());
    const endMs = this.#nowMs() + overMs;
    while (waiting.size > 0) {
      const leftMs = endMs - this.#nowMs();
      const share = Math.ceil(waiting.size / Math.max(1, leftMs / endStepMs));
      this.#endSome(waiting, { share, mustEnd: leftMs < -graceMs });
      if (waiting.size > 0) await delay(endStepMs);
    }
  }

  #endSome(waiting: Set<Stream>, { share, mustEnd }: { share: number; mustEnd: boolean }): void {
    let left = mustEnd ? waiting.size : share;
    for (const stream of waiting) {
      if (left === 0) return;
      const isGone = this.#streams.get(stream.clientId) !== stream;
      if (!isGone && !mustEnd && !stream.mayEnd()) continue;
      stream.end();
      waiting.delete(stream);
      left -= 1;
    }
  }

  #sweep(): void {
    for (const stream of this.#streams.values()) {
      if (this.#isStalled(stream)) stream.cut("stalled");
      else if (this.#isDue(stream) && stream.mayEnd()) stream.end();
    }
  }

  #isStalled({ stalledSinceMs }: Stream): boolean {
    return (
      stalledSinceMs !== undefined && this.#nowMs() - stalledSinceMs > this.#settings.stallSeconds * 1000
    );
  }

  #isDue({ deadlineMs, lastFrameMs }: Stream): boolean {
    const { idleSeconds } = this.#settings;
    const nowMs = this.#nowMs();
    return nowMs >= deadlineMs || (idleSeconds > 0 && nowMs - lastFrameMs >= idleSeconds * 1000);
  }

  #beat(): void {
    for (const stream of this.#streams.values()) stream.beat();
  }
}
