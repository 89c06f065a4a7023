import { encodeSortedJson, isJsonObject, type JsonObject } from "@sluice/protocol";
import type { KeptRecords } from "./kept-records.ts";
import type { PocketBaseSource, SourceCollection } from "./pocketbase-source.ts";

/** What of a collection is written: nothing that is none of a gateway's business, such as the secrets of OAuth2. */
const writtenKeys = [
  "id",
  "name",
  "type",
  "system",
  "listRule",
  "viewRule",
  "manageRule",
  "authRule",
  "authToken",
  "fields",
];

/**
 * Reads PocketBase's collections, and writes those that are not written so already. What a bridge wrote before and
 * PocketBase no longer has is removed; what others wrote stays.
 */
export async function writeCollections(
  source: Pick<PocketBaseSource, "readCollections">,
  kept: KeptRecords,
): Promise<readonly SourceCollection[]> {
  const collections = await source.readCollections();
  const stored = await kept.readCollections();
  const texts = new Map(collections.map(({ name, json }) => [name, textOf(json)]));
  for (const [name, text] of stored) {
    if (!texts.has(name) && isBridged(text)) await kept.removeCollection(name);
  }
  for (const [name, text] of texts) {
    if (stored.get(name) !== text) await kept.putCollection(name, text);
  }
  return collections;
}

function textOf(json: JsonObject): string {
  const written = Object.fromEntries(writtenKeys.flatMap((key) => (key in json ? [[key, json[key]]] : [])));
  return encodeSortedJson({ ...written, bridged: true });
}

function isBridged(text: string): boolean {
  try {
    const json: unknown = JSON.parse(text);
    return isJsonObject(json) && json["bridged"] === true;
  } catch {
    // whoever wrote it, it was no bridge
    return false;
  }
}
