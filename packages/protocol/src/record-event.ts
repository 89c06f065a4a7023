import {
  describeJson,
  describeJsonType,
  isJsonObject,
  isNestedDeeper,
  type JsonObject,
} from "./json-object.ts";
import { encodeJson } from "./json-text.ts";

/** One create, update or delete of one record, as published. */
export interface RecordEvent {
  readonly kind: "record";
  readonly action: "create" | "update" | "delete";
  /** The collection's name or id, as the writer named it. */
  readonly collection: string;
  /** The full row, hidden fields and e-mail included; on delete as it was. */
  readonly record: JsonObject & { readonly id: string };
  /** The row before an update, where the writer knows it. */
  readonly before?: JsonObject;
  /** The trace that the event is part of, as the writer sent it: W3C's `traceparent`, or anything else. */
  readonly traceparent?: string;
}

/** A message under a custom topic. */
export interface CustomMessage {
  readonly kind: "message";
  readonly topic: string;
  /** One line of JSON, or nothing where the writer sent no data. */
  readonly data: string;
  /** The only client to have it. */
  readonly clientId?: string;
  /** Who may have it, over `@request.*` alone: null is superusers only, `""` everyone. */
  readonly rule: string | null;
  /** See {@link RecordEvent}. */
  readonly traceparent?: string;
}

/** A writer's event read, or why it is none. */
export type EventParse = { readonly event: RecordEvent | CustomMessage } | { readonly malformed: string };

/** What a door knows of the events that come through it. */
export interface EventDoor {
  /** Most UTF-8 bytes of one event. */
  readonly maxBytes: number;
  /** The collection of the channel, for events that name none. */
  readonly collection?: string | undefined;
}

const encoder = new TextEncoder();

/** Most levels of objects and arrays in each other: what writes JSON goes down them one by one. */
const maxLevels = 1_000;

/** Reads a writer's event from JSON text. */
export function parseEvent(text: string, door: EventDoor): EventParse {
  const tooLong =
    text.length > door.maxBytes ||
    (text.length * 3 > door.maxBytes && encoder.encode(text).length > door.maxBytes);
  if (tooLong) return malformed(`expected at most ${door.maxBytes} bytes, got more`);
  try {
    return readEvent(JSON.parse(text), door.collection);
  } catch (error) {
    // the text may hold what nobody may see, and the reason is logged
    const [, position] = /at position (\d+)/.exec(String(error)) ?? [];
    const where = position === undefined ? "" : `, broken at ${position}`;
    return malformed(`expected JSON, got ${text.length} characters of something else${where}`);
  }
}

/** Reads a writer's event from a JSON value. */
export function readEvent(value: unknown, channelCollection?: string): EventParse {
  if (!isJsonObject(value)) return malformed(`expected an event object, got ${describeJsonType(value)}`);
  if (isNestedDeeper(value, maxLevels)) {
    return malformed(`expected at most ${maxLevels} objects and arrays inside each other, got more`);
  }
  if (value["topic"] !== undefined) return readMessage(value);
  return readRecordEvent(value, channelCollection);
}

function malformed(reason: string): EventParse {
  return { malformed: reason };
}

function readRecordEvent(value: JsonObject, channelCollection: string | undefined): EventParse {
  const { action, record, before } = value;
  if (action !== "create" && action !== "update" && action !== "delete") {
    return malformed(
      `expected action "create", "update" or "delete", or a topic, got ${describeJson(action)}`,
    );
  }
  if (!isJsonObject(record))
    return malformed(`expected record to be an object, got ${describeJsonType(record)}`);
  if (!hasRecordId(record)) {
    return malformed(
      `expected record.id to be a non-empty string other than "*", got ${describeJson(record["id"])}`,
    );
  }
  if (before !== undefined && before !== null && !isJsonObject(before)) {
    return malformed(`expected before to be an object, got ${describeJsonType(before)}`);
  }
  const collection =
    value["collection"] ?? record["collectionName"] ?? record["collectionId"] ?? channelCollection;
  if (typeof collection !== "string" || collection === "") {
    return malformed(`expected a collection name or id beside action, got ${describeJson(collection)}`);
  }
  const event = { kind: "record", action, collection, record, ...traceOf(value) } as const;
  return { event: isJsonObject(before) ? { ...event, before } : event };
}

/** `*` is no record id: the topic `posts/*` must mean all records under the list rule. */
function hasRecordId(record: JsonObject): record is JsonObject & { readonly id: string } {
  return typeof record["id"] === "string" && record["id"] !== "" && record["id"] !== "*";
}

function readMessage(value: JsonObject): EventParse {
  const { topic, data, clientId, rule = "" } = value;
  if (typeof topic !== "string" || topic === "") {
    return malformed(`expected topic to be a non-empty string, got ${describeJson(topic)}`);
  }
  if (topic === "PB_CONNECT" || topic.startsWith("@")) {
    return malformed(`expected a topic that is not reserved, got ${describeJson(topic)}`);
  }
  if (clientId !== undefined && (typeof clientId !== "string" || clientId === "")) {
    return malformed(`expected clientId to be a non-empty string, got ${describeJson(clientId)}`);
  }
  if (rule !== null && typeof rule !== "string") {
    return malformed(`expected rule to be a string or null, got ${describeJsonType(rule)}`);
  }
  const text = data === undefined ? "" : encodeJson(data);
  const message = { kind: "message", topic, data: text, rule, ...traceOf(value) } as const;
  return { event: clientId === undefined ? message : { ...message, clientId } };
}

/** A trace is no reason to refuse an event: what is none is left out. */
function traceOf({ traceparent }: JsonObject): { readonly traceparent?: string } {
  return typeof traceparent === "string" ? { traceparent } : {};
}
