import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";

/** What the process counts of itself, in Prometheus's form. */
export interface Metrics {
  readonly registry: Registry;
  readonly events: Counter<"door">;
  readonly malformedEvents: Counter<"door">;
  readonly unknownCollectionEvents: Counter;
  readonly deliveries: Counter;
  readonly denials: Counter<"reason">;
  readonly cuts: Counter<"reason">;
  readonly gaps: Counter;
  readonly shed: Counter;
  readonly refusals: Counter<"reason">;
  readonly resumes: Counter<"outcome">;
}

/** Numbers that are read when they are asked for. */
export interface Levels {
  readonly streams: () => number;
  readonly subscriptions: () => number;
  readonly waitingBytes: () => number;
  readonly connected: () => boolean;
}

/** Adds the levels of a gateway to its metrics. */
export function watchLevels({ registry }: Metrics, levels: Levels): void {
  const watch = (name: string, help: string, read: () => number): void => {
    const collect = (): void => gauge.set(read());
    const gauge = new Gauge({ name, help, registers: [registry], collect });
  };
  watch("sluice_streams", "Open streams of this node", levels.streams);
  watch("sluice_subscriptions", "Subscriptions of this node's clients", levels.subscriptions);
  watch("sluice_outbox_bytes", "Bytes that wait for clients who take none", levels.waitingBytes);
  watch("sluice_backplane_connected", "1 while the other nodes can be reached", () =>
    Number(levels.connected()),
  );
}

/** Makes the counters of one gateway, beside those that the process has anyway. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    events: new Counter({
      name: "sluice_events_total",
      help: "Events and messages taken in",
      labelNames: ["door"],
      registers,
    }),
    malformedEvents: new Counter({
      name: "sluice_malformed_events_total",
      help: "Events skipped because they could not be read",
      labelNames: ["door"],
      registers,
    }),
    unknownCollectionEvents: new Counter({
      name: "sluice_unknown_collection_events_total",
      help: "Events of collections that this node does not know",
      registers,
    }),
    deliveries: new Counter({ name: "sluice_deliveries_total", help: "Frames put into outboxes", registers }),
    denials: new Counter({
      name: "sluice_denials_total",
      help: "Times that a subscriber may not have an event",
      labelNames: ["reason"],
      registers,
    }),
    cuts: new Counter({
      name: "sluice_stream_cuts_total",
      help: "Streams cut because their reader was too slow",
      labelNames: ["reason"],
      registers,
    }),
    resumes: new Counter({
      name: "sluice_resumes_total",
      help: "Clients that came back: resumed by their cursor, adopted an orphan's, or refused",
      labelNames: ["outcome"],
      registers,
    }),
    shed: new Counter({
      name: "sluice_streams_shed_total",
      help: "Streams ended because other nodes had fewer",
      registers,
    }),
    gaps: new Counter({
      name: "sluice_log_gaps_total",
      help: "Times that the log no longer had this node's place",
      registers,
    }),
    refusals: new Counter({
      name: "sluice_requests_refused_total",
      help: "Requests refused because they were too many, too large, too slow or broken",
      labelNames: ["reason"],
      registers,
    }),
  };
}
