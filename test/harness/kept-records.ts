import type { SeededRow } from "@sluice/backplane";
import { keptRowOf, type LoggedEvent, readEvent } from "@sluice/protocol";
import type { RecordingNode } from "./recording-node.ts";

/** The collection whose rows tests keep. */
export const posts = { name: "posts", id: "pbc_1" };

/** A row as JSON. */
export function json(id: string, title: string): string {
  return JSON.stringify({ id, title });
}

/** An event as writers write it, of a row of posts. */
export function eventOf(action: string, row: string): LoggedEvent {
  const event = { action, collection: "posts", record: JSON.parse(row) };
  const parsed = readEvent(event);
  return { text: JSON.stringify(event), row: "event" in parsed ? keptRowOf(parsed.event) : undefined };
}

/** Writes an event of a row of posts through a node. */
export async function write({ backplane }: RecordingNode, action: string, row: string): Promise<void> {
  await backplane.append([eventOf(action, row)]);
}

/** The kept rows of posts by id; nothing where they are not at hand. */
export async function read({
  backplane,
}: RecordingNode): Promise<Readonly<Record<string, string>> | undefined> {
  const rows: Record<string, string> = {};
  const seeded = await backplane.readRecords("posts", (id, row) => (rows[id] = row));
  return seeded === undefined ? undefined : rows;
}

/** Seeds posts through a node. */
export function seed({ backplane }: RecordingNode, rows: AsyncIterable<SeededRow>): Promise<number> {
  return backplane.seedRecords(posts, rows);
}

/** Rows one by one, as a seeding takes them. */
export async function* rowsOf(...rows: readonly SeededRow[]): AsyncGenerator<SeededRow> {
  yield* rows;
}
