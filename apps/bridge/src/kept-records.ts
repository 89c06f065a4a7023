import type { Backplane } from "@sluice/backplane";

/** What a bridge needs of the backplane: where collections, rows and events are written. */
export type KeptRecords = Pick<
  Backplane,
  "append" | "readCollections" | "putCollection" | "removeCollection" | "readRecords" | "seedRecords"
>;

/** The rows of a collection as they are kept, one JSON text each, by id; nothing where none are at hand. */
export async function readKept(
  kept: KeptRecords,
  collection: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  const rows = new Map<string, string>();
  const seeded = await kept.readRecords(collection, (id, json) => rows.set(id, json));
  return seeded === undefined ? undefined : rows;
}
