import { CollectionSet, isJsonObject, type JsonObject, parseCollections } from "@sluice/protocol";
import { InputError } from "./command-error.ts";
import { readJsonFile } from "./json-input.ts";

/** A file of collections that can be read; their rules may be broken. */
export interface CollectionsFile {
  readonly collections: CollectionSet;
  /** The same, as they stand there. */
  readonly items: readonly JsonObject[];
}

/**
 * Reads collections from a file in PocketBase's export format.
 * @throws {ArgumentError} where there is no file of JSON
 * @throws {InputError} where it holds something else
 */
export function readCollectionsFile(file: string): CollectionsFile {
  const value = readJsonFile(file);
  const { collections, problems } = parseCollections(value);
  if (problems.length > 0) throw new InputError(`${file}: ${problems.join("\n")}`);
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return { collections: new CollectionSet(collections), items: items.filter(isJsonObject) };
}
