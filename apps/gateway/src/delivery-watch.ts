import type { Span } from "@opentelemetry/api";
import type { Hub } from "@sluice/hub";

/** An event whose last write is not done. */
interface Unwritten {
  /** How many of the hub's writes are done when it is. */
  readonly dueWrites: number;
  readonly span: Span | undefined;
}

/**
 * Notices when events have been written to the clients that take them. What it keeps is gone when every client that had
 * something to get has been written to once.
 */
export class DeliveryWatch {
  #unwritten: Unwritten[] = [];

  /** An event has been put into outboxes. */
  begin({ writes }: Hub, { span }: { readonly span: Span | undefined }): void {
    if (writes.due > writes.done) this.#unwritten.push({ dueWrites: writes.due, span });
    // all its recipients are slow
    else span?.end();
  }

  /** The hub has done some of its writes. */
  flushed({ writes }: Hub): void {
    const first = this.#unwritten.findIndex(({ dueWrites }) => dueWrites > writes.done);
    const written = this.#unwritten.splice(0, first < 0 ? this.#unwritten.length : first);
    for (const { span } of written) span?.end();
  }
}
