import type { RecordStore } from "@sluice/hub";
import type { CollectionSet } from "@sluice/protocol";
import { ArgumentError, InputError, messageOf } from "./command-error.ts";
import { openLines } from "./input-lines.ts";
import { readRows } from "./input-rows.ts";

/**
 * Reads the rows of collections, a file of JSON lines each.
 * @param givens as `<collection>=<file>`, the collection by name or id
 * @throws {ArgumentError} where one is something else, or a file cannot be opened
 * @throws {InputError} where a file cannot be read, or holds something else
 */
export async function readGivenRows(
  givens: readonly string[],
  collections: CollectionSet,
  store: RecordStore,
): Promise<void> {
  for (const given of givens) {
    const [, key = "", file = ""] = /^([^=]+)=(.+)$/.exec(given) ?? [];
    if (file === "") throw new ArgumentError(`--rows: expected COLLECTION=FILE, got ${given}`);
    const collection = collections.find(key);
    if (collection === undefined) throw new ArgumentError(`--rows: expected a collection, got ${key}`);
    const load = store.begin(collection.id);
    const lines = await openLines(file);
    try {
      for await (const [id, json] of readRows(lines)) load.put(id, JSON.parse(json));
    } catch (error) {
      throw new InputError(`${file}: ${messageOf(error)}`);
    }
    store.finish(collection.id, load);
  }
}
