import { type KeptRow, keptRowOf, parseEvent } from "@sluice/protocol";
import type { FollowedCollection, LogEntry } from "./backplane.ts";

/** What an entry of the log says of a row of a collection; nothing where it is about something else. */
export function loggedRow({ text }: LogEntry, { name, id }: FollowedCollection): KeptRow | undefined {
  if (text === undefined) return undefined;
  const parsed = parseEvent(text, { maxBytes: Number.POSITIVE_INFINITY });
  const row = "event" in parsed ? keptRowOf(parsed.event) : undefined;
  return row?.collection === name || row?.collection === id ? row : undefined;
}
