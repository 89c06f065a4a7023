import type { Span } from "@opentelemetry/api";
import type { Hub } from "@sluice/hub";
import { entryMs } from "@sluice/protocol";

/** An event whose last write is not done. */
interface Unwritten {
  /** How many of the hub's writes are done when it is. */
  readonly dueWrites: number;
  /** When it was published, in Unix milliseconds; nothing where it is not in the log. */
  readonly publishedMs: number | undefined;
  readonly span: Span | undefined;
}

/**
 * Notices when events have been written to the clients that take them. What it keeps is gone when every client that had
 * something to get has been written to once.
 */
export class DeliveryWatch {
  readonly #onDelivered: (delayMs: number) => void;
  readonly #nowMs: () => number;
  #unwritten: Unwritten[] = [];

  /**
   * @param onDelivered called for each logged event that has recipients, when the last of them was written to
   * @param nowMs Unix time, in milliseconds
   */
  constructor(onDelivered: (delayMs: number) => void, nowMs: () => number) {
    this.#onDelivered = onDelivered;
    this.#nowMs = nowMs;
  }

  /** An event has been put into outboxes. */
  begin(
    { writes }: Hub,
    { cursor, span }: { readonly cursor: string | undefined; readonly span: Span | undefined },
  ): void {
    const publishedMs = cursor === undefined ? undefined : entryMs(cursor);
    if (writes.due > writes.done) this.#unwritten.push({ dueWrites: writes.due, publishedMs, span });
    // all its recipients are slow
    else span?.end();
  }

  /** The hub has done some of its writes. */
  flushed({ writes }: Hub): void {
    const first = this.#unwritten.findIndex(({ dueWrites }) => dueWrites > writes.done);
    const written = this.#unwritten.splice(0, first < 0 ? this.#unwritten.length : first);
    const nowMs = this.#nowMs();
    for (const { publishedMs, span } of written) {
      if (publishedMs !== undefined) this.#onDelivered(Math.max(0, nowMs - publishedMs));
      span?.end();
    }
  }
}
