import {
  appendArguments,
  appendScript,
  appendScriptSha1,
  type CustomMessage,
  keptRowOf,
  type LoggedEvent,
  parseEvent,
  type RecordEvent,
} from "@sluice/protocol";
import type { Cluster, Redis } from "ioredis";
import { PublishError } from "./publish-error.ts";

/** One create, update or delete of one record. */
export interface RecordChange {
  /** The collection's name or id. */
  readonly collection: string;
  readonly action: "create" | "update" | "delete";
  /** The full row, hidden fields and e-mail included: rules read them, gateways strip them. On delete as it was. */
  readonly record: { readonly id: string; readonly [field: string]: unknown };
  /** The row before an update. */
  readonly before?: Readonly<Record<string, unknown>>;
  /** W3C's `traceparent`: gateways that trace continue it. */
  readonly traceparent?: string;
}

/** A message under a custom topic. */
export interface Message {
  readonly topic: string;
  /** Any JSON value. */
  readonly data?: unknown;
  /** The only client to have it. */
  readonly clientId?: string;
  /** Who may have it, in the rule language over `@request.*` alone; `null` is superusers only. */
  readonly rule?: string | null;
  /** W3C's `traceparent`: gateways that trace continue it. */
  readonly traceparent?: string;
}

/** Writes events to the log, and the rows of followed collections with them: at least once, in order, resumable. */
export interface Publisher {
  /**
   * Publishes a record change.
   * @returns its cursor: the id of the log entry
   * @throws {PublishError} where it is no event; nothing was sent
   */
  record(change: RecordChange): Promise<string>;
  /** Publishes a message; as `record`. */
  message(message: Message): Promise<string>;
  /**
   * Publishes events in order, all or none, in one round trip.
   * @returns their cursors
   * @throws {PublishError} where one of them is no event; nothing was sent
   */
  batch(events: readonly (RecordChange | Message)[]): Promise<readonly string[]>;
}

/** Sends events through the channels: now or never, to the clients that are connected. */
export interface ChannelPublisher {
  /** @throws {PublishError} where it is no event; nothing was sent */
  record(change: RecordChange): Promise<void>;
  /** @throws {PublishError} where it is no event; nothing was sent */
  message(message: Message): Promise<void>;
  /** In order and in one round trip. @throws {PublishError} where one of them is no event; nothing was sent */
  batch(events: readonly (RecordChange | Message)[]): Promise<void>;
}

/** What the gateways of the deployment are set to. */
export interface PublisherOptions {
  /** Their `KEY_PREFIX`; `rt:` unless told, `{rt}:` with a cluster. */
  readonly keyPrefix?: string;
  /** Their `MAX_EVENT_BYTES`; 1,048,576 unless told. */
  readonly maxEventBytes?: number;
}

/**
 * Makes a publisher that writes to the log.
 * @param redis the caller's connection, without a `keyPrefix` of its own; never closed here
 */
export function createPublisher(redis: Redis | Cluster, options: PublisherOptions = {}): Publisher {
  const { keyPrefix = defaultPrefix(redis) } = options;
  const batch = async (events: readonly (RecordChange | Message)[]): Promise<readonly string[]> => {
    const read = events.map((event) => encodeEvent(event, options));
    const logged = read.map(({ text, event }) => ({ text, row: keptRowOf(event) }));
    return append(redis, keyPrefix, logged);
  };
  const one = async (event: RecordChange | Message): Promise<string> => (await batch([event]))[0] ?? "";
  return { record: one, message: one, batch };
}

/**
 * Makes a publisher that uses the channels.
 * @param redis the caller's connection; never closed here
 */
export function createChannelPublisher(
  redis: Redis | Cluster,
  options: PublisherOptions = {},
): ChannelPublisher {
  const { keyPrefix = defaultPrefix(redis) } = options;
  const batch = async (events: readonly (RecordChange | Message)[]): Promise<void> => {
    const read = events.map((event) => encodeEvent(event, options));
    if (read.length === 0) return;
    const step = redis.multi();
    for (const { text, event } of read) {
      const channel = event.kind === "message" ? "message" : `record:${event.collection}`;
      step.publish(keyPrefix + channel, text);
    }
    for (const [error] of (await step.exec()) ?? []) if (error !== null) throw error;
  };
  const one = (event: RecordChange | Message): Promise<void> => batch([event]);
  return { record: one, message: one, batch };
}

/** As gateways have it. */
function defaultPrefix({ isCluster }: Redis | Cluster): string {
  return isCluster ? "{rt}:" : "rt:";
}

/** Writes events in one step, by the script's hash where Redis knows it. */
async function append(
  redis: Redis | Cluster,
  keyPrefix: string,
  events: readonly LoggedEvent[],
): Promise<readonly string[]> {
  if (events.length === 0) return [];
  const { keys, args } = appendArguments(keyPrefix, events);
  const ids = await redis.evalsha(appendScriptSha1, keys.length, ...keys, ...args).catch((error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return redis.eval(appendScript, keys.length, ...keys, ...args);
  });
  return Array.isArray(ids) ? ids.map(String) : [];
}

interface EncodedEvent {
  readonly text: string;
  readonly event: RecordEvent | CustomMessage;
}

/** Writes an event as JSON and reads it as a gateway will, so that a mistake shows where it was made. */
function encodeEvent(event: unknown, { maxEventBytes = 1_048_576 }: PublisherOptions): EncodedEvent {
  const text = stringify(event);
  if (new TextEncoder().encode(text).length > maxEventBytes) {
    throw new PublishError(
      "event_too_large",
      `expected an event of at most ${maxEventBytes} bytes, got more`,
    );
  }
  const parsed = parseEvent(text, { maxBytes: maxEventBytes });
  if ("malformed" in parsed) throw new PublishError("malformed_event", parsed.malformed);
  return { text, event: parsed.event };
}

function stringify(event: unknown): string {
  try {
    // undefined and functions have no JSON; the parse says what came instead
    return JSON.stringify(event) ?? "null";
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PublishError("malformed_event", `expected a value that JSON can hold: ${reason}`, { cause });
  }
}
