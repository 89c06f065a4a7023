import { SpanStatusCode } from "@opentelemetry/api";
import type { EventSource } from "@sluice/backplane";
import type { Hub } from "@sluice/hub";
import { parseEvent } from "@sluice/protocol";
import type { Logger } from "pino";
import type { EventWatch } from "./console/event-watch.ts";
import type { DeliveryWatch } from "./delivery-watch.ts";
import type { Metrics } from "./metrics.ts";
import type { RecentEvents } from "./recent-events.ts";
import { SparseLog } from "./sparse-log.ts";
import { continueTrace } from "./tracing.ts";

/** What a feed is made with. */
export interface EventFeedContext {
  readonly hub: Hub;
  /** Whether the node has its collections yet; clients it has none before. */
  readonly hasCollections: () => boolean;
  readonly recent: RecentEvents;
  readonly metrics: Metrics;
  readonly deliveries: DeliveryWatch;
  readonly watch: EventWatch;
  readonly log: Logger;
  readonly maxEventBytes: number;
  readonly nowMs: () => number;
}

/** Takes in what writers publish: parses it once and hands it to the hub. No event stops the feed. */
export class EventFeed {
  readonly #context: EventFeedContext;
  readonly #malformed: SparseLog;
  readonly #unknown: SparseLog;

  constructor(context: EventFeedContext) {
    this.#context = context;
    // a bad writer must not fill the disk
    this.#malformed = new SparseLog({ ...context, intervalMs: 1_000 });
    this.#unknown = new SparseLog({ ...context, intervalMs: 60_000 });
  }

  take(text: string, source: EventSource): void {
    const { hub, recent, metrics, deliveries, watch, log, maxEventBytes } = this.#context;
    const { door, cursor, collection } = source;
    if (cursor !== undefined) recent.push({ cursor, text });
    const parsed = parseEvent(text, { maxBytes: maxEventBytes, collection });
    if ("malformed" in parsed) {
      metrics.malformedEvents.inc({ door });
      const fact = { door, cursor, reason: parsed.malformed };
      return this.#malformed.warn("malformed", fact, "malformed events were skipped");
    }
    metrics.events.inc({ door });
    const { event } = parsed;
    const span = continueTrace(event, door);
    try {
      const frames =
        event.kind === "message" ? hub.dispatchMessage(event, cursor) : hub.dispatchRecord(event, cursor);
      if (frames === undefined && event.kind === "record") this.#countUnknown(event.collection);
      watch.dispatched({ event, source, text, frames: frames ?? 0 });
      span?.setAttribute("sluice.recipients", frames ?? 0);
      if (frames) deliveries.begin(hub, { cursor, span });
      else span?.end();
    } catch (err) {
      // whatever one event does, the next one must come through
      span?.setStatus({ code: SpanStatusCode.ERROR }).end();
      watch.dispatched({ event, source, text, frames: 0 });
      metrics.failedEvents.inc();
      log.error({ err, door, cursor }, "an event could not be dispatched");
    }
  }

  #countUnknown(collection: string): void {
    if (!this.#context.hasCollections()) return;
    this.#context.metrics.unknownCollectionEvents.inc();
    this.#unknown.warn("unknown", { collection }, "events of a collection that is not there reach nobody");
  }
}
