import { createHash } from "node:crypto";
import type { EventSource } from "@sluice/backplane";
import type { Denied } from "@sluice/hub";
import {
  type CollectionSet,
  type CustomMessage,
  type DelayQuantiles,
  entryMs,
  type EventReport,
  type NodeReport,
  type RecordEvent,
  type TopicCounts,
  type WithheldReport,
} from "@sluice/protocol";

/** Most events of one report; the rest is counted. */
const maxEvents = 50;

/** Most reasons and texts of one event; the rest has no text. */
const maxWithheld = 10;

/** Most subscriptions of an event's topic whose texts are looked at: very many may have the same. */
const maxLooked = 500;

/** Most topics that are told apart within a second, and most that are told. */
const maxTopics = 1_000;
const toldTopics = 10;

/** Most delays of a second that are looked at; later ones do not count. */
const maxDelays = 10_000;

const maxTextLength = 200;

/** What a node report says of events. */
export type EventCounts = Pick<
  NodeReport,
  "events" | "deliveries" | "denials" | "skippedEvents" | "delayMs" | "topics"
>;

/** An event that was dispatched. */
export interface Dispatched {
  readonly event: RecordEvent | CustomMessage;
  readonly source: EventSource;
  readonly text: string;
  readonly frames: number;
}

/** Notes what becomes of events while somebody watches; else nothing. */
export class EventWatch {
  readonly #collections: () => CollectionSet;
  #isOn = false;
  #events: EventReport[] = [];
  /** Those who do not have the event that is dispatched now. */
  #withheld = new Map<string, WithheldReport & { subscribers: number }>();
  #topics = new Map<string, { topic: string; events: number; deliveries: number }>();
  #delaysMs: number[] = [];
  #counts = { events: 0, deliveries: 0, denials: 0, skippedEvents: 0 };

  /** @param collections the collections as they are now */
  constructor(collections: () => CollectionSet) {
    this.#collections = collections;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Begins to watch, or ends it; what was noted is forgotten. */
  switch(isOn: boolean): void {
    this.#isOn = isOn;
    this.#events = [];
    this.#withheld.clear();
    this.takeCounts();
  }

  /** Some subscribers do not have the event that is dispatched now. */
  denied({ byText, ...denied }: Denied): void {
    if (!this.#isOn) return;
    this.#counts.denials += denied.subscribers;
    // they have the event, without what they asked to have expanded in it
    if (denied.reason.startsWith("expand") || this.#events.length >= maxEvents) return;
    let left = denied.subscribers;
    let looked = 0;
    for (const [text, subscribers] of byText?.() ?? []) {
      if (this.#withheld.size >= maxWithheld || (looked += 1) > maxLooked) break;
      this.#withhold({ ...denied, text, subscribers });
      left -= subscribers;
    }
    if (left > 0) this.#withhold({ ...denied, subscribers: left });
  }

  /** An event was dispatched. */
  dispatched(dispatched: Dispatched): void {
    if (!this.#isOn) return;
    const { event, frames } = dispatched;
    const topic = cut(event.kind === "message" ? event.topic : this.#nameOf(event.collection));
    this.#counts.events += 1;
    this.#counts.deliveries += frames;
    const counts = this.#topics.get(topic) ?? { topic, events: 0, deliveries: 0 };
    counts.events += 1;
    counts.deliveries += frames;
    if (this.#topics.size < maxTopics) this.#topics.set(topic, counts);
    if (this.#events.length >= maxEvents) this.#counts.skippedEvents += 1;
    else this.#events.push(reportOf(dispatched, topic, [...this.#withheld.values()]));
    this.#withheld.clear();
  }

  /** A logged event was written to the last of its clients. */
  delivered(delayMs: number): void {
    if (this.#isOn && this.#delaysMs.length < maxDelays) this.#delaysMs.push(delayMs);
  }

  /** What has come since it was called last. */
  takeEvents(): readonly EventReport[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** What was counted since it was called last. */
  takeCounts(): EventCounts {
    const counts = { ...this.#counts, delayMs: quantilesOf(this.#delaysMs), topics: busiest(this.#topics) };
    this.#counts = { events: 0, deliveries: 0, denials: 0, skippedEvents: 0 };
    this.#delaysMs = [];
    this.#topics = new Map();
    return counts;
  }

  #nameOf(collection: string): string {
    return this.#collections().find(collection)?.name ?? collection;
  }

  #withhold({ reason, topic, subscribers, text, detail }: Denied): void {
    const full = this.#withheld.size >= maxWithheld;
    const shown = full || text === undefined ? {} : { text: cut(text ?? "null") };
    const key = `${reason}\n${topic}\n${shown.text ?? ""}`;
    const known = this.#withheld.get(key);
    if (known !== undefined) known.subscribers += subscribers;
    else {
      const why = full || detail === undefined ? shown : { ...shown, detail: cut(detail) };
      this.#withheld.set(key, { reason, topic: cut(topic), subscribers, ...why });
    }
  }
}

function reportOf(
  { event, source: { door, cursor }, text, frames }: Dispatched,
  topic: string,
  withheld: readonly WithheldReport[],
): EventReport {
  return {
    key: cursor ?? createHash("sha1").update(text).digest("base64url"),
    ...(cursor === undefined ? {} : { cursor }),
    at: cursor === undefined ? Date.now() : entryMs(cursor),
    door,
    topic,
    ...(event.kind === "record" ? { action: event.action, recordId: cut(event.record.id) } : {}),
    delivered: frames,
    withheld,
  };
}

function busiest(topics: ReadonlyMap<string, TopicCounts>): readonly TopicCounts[] {
  return [...topics.values()]
    .toSorted((one, other) => other.deliveries - one.deliveries || other.events - one.events)
    .slice(0, toldTopics);
}

function quantilesOf(delaysMs: readonly number[]): DelayQuantiles | null {
  const sorted = delaysMs.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The beginning of a text that is long. */
export function cut(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength - 1)}…` : text;
}
