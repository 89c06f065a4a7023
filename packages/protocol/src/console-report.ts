/** What nodes tell superusers who subscribe to `@stats`. */
export type ConsoleReport = NodeReport | EventsReport;

/** What a node says of itself, once a second. Counts are since its report before. */
export interface NodeReport {
  readonly kind: "node";
  readonly node: string;
  readonly version: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** `degraded`: Redis is away. */
  readonly state: "ready" | "degraded" | "draining";
  readonly streams: number;
  readonly maxStreams: number;
  readonly subscriptions: number;
  readonly audiences: number;
  /** Bytes that wait for clients. */
  readonly outboxBytes: number;
  /** The worst since the report before. */
  readonly loopLagMs: number;
  /** CPU seconds per second. */
  readonly cpu: number;
  /** Resident. */
  readonly memoryBytes: number;
  /** The cursor of the last log entry that it has read. */
  readonly position: string;
  /** How much older that is than the log's end; null where that is not known. */
  readonly lagMs: number | null;
  readonly events: number;
  readonly deliveries: number;
  readonly denials: number;
  /** Events that were too many for an {@link EventsReport}. */
  readonly skippedEvents: number;
  /** From publish to delivery; null without deliveries. */
  readonly delayMs: DelayQuantiles | null;
  /** At most 10, busiest first. */
  readonly topics: readonly TopicCounts[];
}

/** Of the events that were delivered, so many milliseconds or less. */
export interface DelayQuantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What came of one topic: the name of a collection, or the topic of a message. */
export interface TopicCounts {
  readonly topic: string;
  readonly events: number;
  readonly deliveries: number;
}

/** Events as one node has dispatched them, at most a quarter of a second ago; at most 50. */
export interface EventsReport {
  readonly kind: "events";
  readonly node: string;
  readonly events: readonly EventReport[];
}

/** What became of one event on one node. */
export interface EventReport {
  /** The same on all nodes: the cursor, or a hash of the text of an event that is not in the log. */
  readonly key: string;
  readonly cursor?: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly door: "log" | "record" | "message";
  /** The name of the collection, or the topic of a message. */
  readonly topic: string;
  /** Absent for messages. */
  readonly action?: "create" | "update" | "delete";
  readonly recordId?: string;
  /** Subscriptions of the node that were sent it. */
  readonly delivered: number;
  /** Why others of the node were not. */
  readonly withheld: readonly WithheldReport[];
}

/** Subscriptions that were not sent an event, all for one reason. */
export interface WithheldReport {
  /** As in the metric `sluice_denials_total`. */
  readonly reason: string;
  readonly topic: string;
  readonly subscribers: number;
  /** The rule or the filter, cut to 200 characters. */
  readonly text?: string;
  /** What was expected and what came, where the reason alone does not tell. */
  readonly detail?: string;
}

/** One client in the answer to `GET /api/console/clients`. */
export interface ClientSummary {
  readonly id: string;
  readonly node: string;
  /** `guest`, `superuser`, or collection and record as `users/u1`. */
  readonly identity: string;
  /** Empty where addresses are not checked. */
  readonly address: string;
  /** Unix milliseconds. */
  readonly openedAt: number;
  readonly subscriptions: number;
  readonly outboxBytes: number;
}

/** The answer to `GET /api/console/clients/:id`. */
export interface ClientDetails extends Omit<ClientSummary, "subscriptions"> {
  readonly subscriptions: readonly string[];
  /** How far in the log it is. */
  readonly position: string;
  readonly state: "live" | "resuming" | "blocked";
}

/** The answer to `GET /api/console/clients`. */
export interface ClientList {
  readonly clients: readonly ClientSummary[];
  /** How many match. */
  readonly total: number;
  readonly nodes: number;
  /** Nodes that did not answer in time. */
  readonly silent: number;
}

/** The answer to `GET /api/console`. */
export interface ConsoleFacts {
  readonly node: string;
  readonly version: string;
  readonly playground: boolean;
  readonly identity: { readonly id: string; readonly collectionName: string };
}

/** The answer to `POST /api/console/explain`: one for each subscription of the client, 50 at most, fewer where they take long. */
export interface ExplanationList {
  readonly explanations: readonly ExplanationReport[];
}

/** What becomes of an event for one subscription, and why. */
export interface ExplanationReport {
  readonly subscription: string;
  readonly outcome: "delivered" | "denied" | "unmatched";
  /** The topics that the event has, where it has another one than the subscription. */
  readonly topics?: readonly string[];
  /** What decided: the collection's `listRule` or `viewRule`, a message's `rule`, or the `filter`. */
  readonly rule?: string;
  /** The data line that is sent. */
  readonly data?: string;
  /** Why paths of `expand` bring nothing. */
  readonly unexpanded?: readonly string[];
  /** See {@link WithheldReport}. */
  readonly reason?: string;
  /** The rule or filter; null is for superusers only. */
  readonly text?: string | null;
  /** What is wrong with it, or missing for it. */
  readonly remarks?: readonly { readonly position: number; readonly message: string }[];
  /** The comparisons that decided: 100 at most for all subscriptions together, 200 characters of each value. */
  readonly deciding?: readonly ComparisonReport[];
  /** The data line that tells a subscriber that it sees the record no more. */
  readonly leave?: string;
}

/** A comparison that kept a rule or filter from passing. */
export interface ComparisonReport {
  readonly text: string;
  /** Where it stands in the rule, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly verdict: "false" | "unknown" | "missing" | "failed";
  readonly left: OperandReport;
  readonly right: OperandReport;
  /** There are more joined rows than one decision may look at: it is told for the nearest of the first. */
  readonly isPartial?: true;
}

/**
 * One side of a comparison: as it stands in the rule, and what it is; nothing where that is not at hand, or never leaves. A list: the comparison is
 * true for none of these.
 */
export interface OperandReport {
  readonly text: string;
  readonly value?: unknown;
  /** The joined row in which the value stands; an id of null where there is no such row. */
  readonly row?: { readonly collection: string; readonly id: string | null };
}

/** One collection in the answer to `GET /api/console/play/collections`; a null rule is for superusers only. */
export interface PlayCollection {
  readonly name: string;
  readonly type: string;
  readonly listRule: string | null;
  readonly viewRule: string | null;
}
