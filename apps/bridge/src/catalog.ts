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
 * @param more the names of collections whose rows gateways are to keep, besides those that it takes for tokens and
 *   relations; `*` for all
 */
export async function writeCollections(
  source: Pick<PocketBaseSource, "readCollections">,
  kept: KeptRecords,
  more: ReadonlySet<string>,
): Promise<readonly SourceCollection[]> {
  const collections = await source.readCollections();
  const stored = await kept.readCollections();
  const followed = followedIds(collections, more);
  const texts = new Map(collections.map(({ id, name, json }) => [name, textOf(json, followed.has(id))]));
  for (const [name, text] of stored) {
    if (!texts.has(name) && isBridged(text)) await kept.removeCollection(name);
  }
  for (const [name, text] of texts) {
    if (stored.get(name) !== text) await kept.putCollection(name, text);
  }
  return collections;
}

/** Auth records prove tokens, and what relations point to is what `expand` and filters ask for. */
function followedIds(
  collections: readonly SourceCollection[],
  more: ReadonlySet<string>,
): ReadonlySet<unknown> {
  const own = collections.filter(({ name, type, system }) => {
    return type !== "view" && (more.has("*") || more.has(name) || (type === "auth" && !system));
  });
  const targets = collections.flatMap(({ json }) => {
    const fields: readonly unknown[] = Array.isArray(json["fields"]) ? json["fields"] : [];
    return fields.map((field) => (isJsonObject(field) ? field["collectionId"] : undefined));
  });
  return new Set([...own.map(({ id }) => id), ...targets.filter((id) => id !== undefined)]);
}

function textOf(json: JsonObject, follow: boolean): string {
  const written = Object.fromEntries(writtenKeys.flatMap((key) => (key in json ? [[key, json[key]]] : [])));
  return encodeSortedJson({ ...written, ...(follow ? { follow } : {}), bridged: true });
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
