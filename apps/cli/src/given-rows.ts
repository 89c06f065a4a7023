import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { RecordStore } from "@sluice/hub";
import type { CollectionSet } from "@sluice/protocol";
import { InputError } from "./command.ts";
import { ArgumentError } from "./explain-arguments.ts";
import { readRowLines } from "./row-lines.ts";

/**
 * Reads the rows of collections, a file of JSON lines each.
 * @param givens as `<collection>=<file>`, the collection by name or id
 * @throws {ArgumentError} where one is something else
 * @throws {InputError} where a file cannot be read, or holds something else
 */
export async function readGivenRows(
  givens: readonly string[],
  collections: CollectionSet,
): Promise<RecordStore> {
  const store = new RecordStore({ maxRecords: Number.POSITIVE_INFINITY, onTooMany: () => undefined });
  for (const given of givens) {
    const [, key = "", file = ""] = /^([^=]+)=(.+)$/.exec(given) ?? [];
    if (file === "") throw new ArgumentError(`--rows: expected COLLECTION=FILE, got ${given}`);
    const collection = collections.find(key);
    if (collection === undefined) throw new ArgumentError(`--rows: expected a collection, got ${key}`);
    const load = store.begin(collection.id);
    try {
      for await (const [id, json] of readRowLines(createInterface({ input: createReadStream(file) }))) {
        load.put(id, JSON.parse(json));
      }
    } catch (error) {
      throw new InputError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
    store.finish(collection.id, load);
  }
  return store;
}
