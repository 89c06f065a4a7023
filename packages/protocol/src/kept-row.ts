import type { CustomMessage, RecordEvent } from "./record-event.ts";

/** What an event says of a row of a followed collection: what it is from then on, or that it is gone. */
export interface KeptRow {
  /** The collection's name or id, as the event names it. */
  readonly collection: string;
  readonly id: string;
  /** The full row as JSON; nothing where it is deleted. */
  readonly json: string | undefined;
}

/** What an event says of a row; nothing where it is no record event, or its id is none that can be kept. */
export function keptRowOf(event: RecordEvent | CustomMessage): KeptRow | undefined {
  if (event.kind === "message" || !isKeptId(event.record.id)) return undefined;
  const { action, collection, record } = event;
  return { collection, id: record.id, json: action === "delete" ? undefined : JSON.stringify(record) };
}

/** Whether a row of this id is kept: what begins with `@` stands among the rows and is none. */
export function isKeptId(id: string): boolean {
  return id !== "" && id !== "*" && !id.startsWith("@");
}
