import type { EventSource } from "@sluice/backplane";
import type { Hub } from "@sluice/hub";
import { parseEvent } from "@sluice/protocol";
import type { Logger } from "pino";
import type { Metrics } from "./metrics.ts";

/** What a feed is made with. */
export interface EventFeedContext {
  readonly hub: Hub;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly maxEventBytes: number;
  readonly nowMs: () => number;
}

/** Takes in what writers publish: parses it once and hands it to the hub. No event stops the feed. */
export class EventFeed {
  readonly #context: EventFeedContext;
  #skippedSinceLog = 0;
  #lastLogMs = Number.NEGATIVE_INFINITY;

  constructor(context: EventFeedContext) {
    this.#context = context;
  }

  take(text: string, { door, cursor, collection }: EventSource): void {
    const { hub, metrics, log, maxEventBytes } = this.#context;
    const parsed = parseEvent(text, { maxBytes: maxEventBytes, collection });
    if ("malformed" in parsed) {
      metrics.malformedEvents.inc({ door });
      return this.#logSkipped({ door, cursor, reason: parsed.malformed });
    }
    metrics.events.inc({ door });
    const { event } = parsed;
    try {
      if (event.kind === "message") hub.dispatchMessage(event, cursor);
      else if (!hub.dispatchRecord(event, cursor)) this.#countUnknown(event.collection);
    } catch (err) {
      // whatever one event does, the next one must come through
      log.error({ err, door, cursor }, "an event could not be dispatched");
    }
  }

  #countUnknown(collection: string): void {
    this.#context.metrics.unknownCollectionEvents.inc();
    this.#context.log.debug({ collection }, "an event of an unknown collection reaches nobody");
  }

  /** At most one line a second: a bad writer must not fill the disk. */
  #logSkipped(fact: { door: string; cursor: string | undefined; reason: string }): void {
    this.#skippedSinceLog += 1;
    const nowMs = this.#context.nowMs();
    if (nowMs - this.#lastLogMs < 1_000) return;
    this.#context.log.warn({ ...fact, skipped: this.#skippedSinceLog }, "malformed events were skipped");
    this.#lastLogMs = nowMs;
    this.#skippedSinceLog = 0;
  }
}
