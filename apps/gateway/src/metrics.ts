import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import manifest from "../package.json" with { type: "json" };

/**
 * What `prom-client` counts one by one, a label each: at 50,000 streams a scrape would walk through all of them five
 * times. `nodejs_active_resources` tells the same, and the names that end in `_total` are no counters.
 */
const unwanted = [
  "nodejs_active_handles",
  "nodejs_active_handles_total",
  "nodejs_active_requests",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

const doors = ["log", "record", "message"] as const;

const denialReasons = ["rule", "filter", "expand"].flatMap((kind) =>
  ["", "-undecidable", "-refused", "-failed"].map((how) => `${kind}${how}`),
);

const refusalReasons = [
  "address_rate",
  "address_streams",
  "identity_rate",
  "identity_streams",
  "node_streams",
  "large_head",
  "large_body",
  "large_bodies",
  "slow",
  "malformed",
];

/** From a millisecond to the minute after which an outage of Redis is over. */
const delayBuckets = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What the process counts of itself, in Prometheus's form. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Makes the counters of one gateway, beside those that the process has anyway. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of unwanted) registry.removeSingleMetric(name);
  const labelNames = ["version"];
  const build = { name: "sluice_build_info", help: "1, with the version as a label" };
  new Gauge({ ...build, labelNames, registers, aggregator: "first" }).set({ version: manifest.version }, 1);
  const count = (name: string, help: string): Counter => new Counter({ name, help, registers });
  /** Every series is there from the start: what has never happened is 0, and its first time shows as an increase. */
  const countBy = <Label extends string>(
    label: Label,
    values: readonly string[],
    { name, help }: { readonly name: string; readonly help: string },
  ): Counter<Label> => {
    const counter = new Counter<Label>({ name, help, labelNames: [label], registers });
    for (const value of values) counter.labels(value).inc(0);
    return counter;
  };
  return {
    registry,
    events: countBy("door", doors, {
      name: "sluice_events_total",
      help: "Events and messages taken in",
    }),
    malformedEvents: countBy("door", doors, {
      name: "sluice_malformed_events_total",
      help: "Events skipped because they could not be read",
    }),
    unknownCollectionEvents: count(
      "sluice_unknown_collection_events_total",
      "Events of collections that this node does not know",
    ),
    failedEvents: count("sluice_failed_events_total", "Events lost on this node by a fault of its own"),
    deliveries: count("sluice_deliveries_total", "Frames put into outboxes"),
    deliveryDelay: new Histogram({
      name: "sluice_delivery_delay_seconds",
      help:
        "From the time in a logged event's id to its last write to a client of this node, once per event that has " +
        "recipients here. Redis's clock begins it and this node's ends it: their difference is part of it, and what " +
        "would be less than 0 is 0",
      buckets: delayBuckets,
      registers,
    }),
    denials: countBy("reason", denialReasons, {
      name: "sluice_denials_total",
      help: "Times that a subscriber may not have an event",
    }),
    cuts: countBy("reason", ["outbox", "stalled"], {
      name: "sluice_stream_cuts_total",
      help: "Streams cut because their reader was too slow",
    }),
    resumes: countBy("outcome", ["resumed", "adopted", "refused"], {
      name: "sluice_resumes_total",
      help: "Clients that came back: resumed by their cursor, adopted an orphan's, or refused",
    }),
    gaps: count("sluice_log_gaps_total", "Times that the log no longer had this node's place"),
    shed: count("sluice_streams_shed_total", "Streams ended because other nodes had fewer"),
    refusals: countBy("reason", refusalReasons, {
      name: "sluice_requests_refused_total",
      help: "Requests refused because they were too many, too large, too slow or broken",
    }),
  };
}

/** Numbers that are read when they are asked for. */
export interface Levels {
  readonly streams: () => number;
  readonly maxStreams: number;
  readonly subscriptions: () => number;
  readonly audiences: () => number;
  readonly waitingBytes: () => number;
  readonly maxWaitingBytes: number;
  /** Rows of collections that rules take, and how many such collections are not at hand. */
  readonly followedRecords: () => number;
  readonly missingCollections: () => number;
  readonly connected: () => boolean;
  /** The Unix time of the log's last entry that this node has read, in milliseconds. */
  readonly positionMs: () => number;
  /** How much older that is than the log's last entry, in milliseconds; NaN where nobody knows, infinity where it is gone. */
  readonly lagMs: () => Promise<number>;
}

/** How the levels of several processes make one: their sum, or of all the worst. */
type Together = "sum" | "min" | "max";

/** Adds the levels of a gateway to its metrics. */
export function watchLevels({ registry }: Metrics, levels: Levels): void {
  const watch = (
    name: string,
    help: string,
    { read, together = "sum" }: { read: () => number | Promise<number>; together?: Together },
  ): void => {
    const collect = async (): Promise<void> => gauge.set(await read());
    const gauge = new Gauge({ name, help, registers: [registry], collect, aggregator: together });
  };
  watch("sluice_streams", "Open streams of this node", { read: levels.streams });
  watch("sluice_streams_limit", "MAX_STREAMS", { read: () => levels.maxStreams });
  watch("sluice_subscriptions", "Subscriptions of this node's clients", { read: levels.subscriptions });
  watch("sluice_audiences", "Groups of subscribers that were decided as one", { read: levels.audiences });
  watch("sluice_outbox_bytes", "Bytes that wait for clients who take none", { read: levels.waitingBytes });
  watch("sluice_outbox_limit_bytes", "MAX_TOTAL_OUTBOX_BYTES", { read: () => levels.maxWaitingBytes });
  watch("sluice_followed_records", "Rows of the collections that rules take", {
    read: levels.followedRecords,
  });
  watch(
    "sluice_followed_collections_missing",
    "Collections that rules take and that are not at hand: what needs them is denied",
    { read: levels.missingCollections, together: "max" },
  );
  watch("sluice_backplane_connected", "1 while the other nodes can be reached", {
    read: () => Number(levels.connected()),
    together: "min",
  });
  watch(
    "sluice_log_position_timestamp_seconds",
    "When the last entry that this node has read of the log was written, by Redis's clock",
    { read: () => levels.positionMs() / 1000, together: "min" },
  );
  watch(
    "sluice_log_lag_seconds",
    "How much older that entry is than the last one of the log; NaN while Redis does not say, +Inf once the log has lost it",
    { read: async () => (await levels.lagMs()) / 1000, together: "max" },
  );
}
