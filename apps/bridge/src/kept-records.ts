/** What a bridge needs of the backplane: where collections, rows and events are written. */
export interface KeptRecords {
  append(events: readonly LoggedEvent[]): Promise<readonly string[]>;
  readCollections(): Promise<ReadonlyMap<string, string>>;
  putCollection(name: string, json: string): Promise<void>;
  removeCollection(name: string): Promise<void>;
  readRecords(collection: string, take: (id: string, json: string) => void): Promise<string | undefined>;
  seedRecords(
    collection: { readonly name: string; readonly id: string },
    rows: AsyncIterable<readonly [id: string, json: string]>,
  ): Promise<number>;
}

interface LoggedEvent {
  readonly text: string;
  readonly row?: { readonly collection: string; readonly id: string; readonly json: string | undefined };
}

/** The rows of a collection as they are kept, one JSON text each, by id; nothing where none are at hand. */
export async function readKept(
  kept: KeptRecords,
  collection: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  const rows = new Map<string, string>();
  const seeded = await kept.readRecords(collection, (id, json) => rows.set(id, json));
  return seeded === undefined ? undefined : rows;
}
