import { encodeSortedJson, isJsonObject, type JsonObject, superusers } from "@sluice/protocol";
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

/** Which collections a bridge takes. */
export interface CollectionChoice {
  /** By name; nothing for all that are no views and not PocketBase's own. */
  readonly wanted: readonly string[] | undefined;
  /** Whose rows gateways are to keep, besides those of auth records and of what relations point to; `*` for all. */
  readonly follow: ReadonlySet<string>;
}

/**
 * Reads PocketBase's collections, and writes those that are not written so already. What a bridge wrote before and
 * PocketBase no longer has is removed; what others wrote stays.
 * @returns those whose records are to be followed
 */
export async function writeCollections(
  source: Pick<PocketBaseSource, "readCollections" | "tellsKeys">,
  kept: KeptRecords,
  choice: CollectionChoice,
): Promise<readonly SourceCollection[]> {
  const collections = await source.readCollections();
  const stored = await kept.readCollections();
  const chosen = chosenOf(collections, choice.wanted, source.tellsKeys);
  const texts = textsOf(collections, chosen, choice.follow);
  for (const [name, text] of stored) {
    if (!texts.has(name) && isBridged(text)) await kept.removeCollection(name);
  }
  for (const [name, text] of texts) {
    if (stored.get(name) !== text) await kept.putCollection(name, text);
  }
  return chosen;
}

/** Superusers' rows are for their tokens, which are verified only where token keys are known. */
function chosenOf(
  all: readonly SourceCollection[],
  wanted: readonly string[] | undefined,
  tellsKeys: boolean,
): readonly SourceCollection[] {
  const usable = all.filter(({ type }) => type !== "view");
  if (wanted !== undefined) return usable.filter(({ name }) => wanted.includes(name));
  return usable.filter(({ id, system }) => !system || (tellsKeys && id === superusers.id));
}

function textsOf(
  all: readonly SourceCollection[],
  chosen: readonly SourceCollection[],
  follow: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const targets = new Set(chosen.flatMap(relationTargets));
  const isFollowed = (collection: SourceCollection): boolean => {
    const { id, name, type, system } = collection;
    const isAsked = follow.has("*") || follow.has(name) || targets.has(id) || (type === "auth" && !system);
    // nodes would wait for rows that never come
    return isAsked && chosen.includes(collection);
  };
  return new Map(
    all.map((collection) => {
      const { authToken, ...rest } = pickWritten(collection.json);
      // a node that has the secret of tokens wants the rows
      const secrets = authToken !== undefined && chosen.includes(collection) ? { authToken } : {};
      const more = isFollowed(collection) ? { follow: true } : {};
      return [collection.name, encodeSortedJson({ ...rest, ...secrets, ...more, bridged: true })];
    }),
  );
}

function relationTargets({ json }: SourceCollection): readonly unknown[] {
  const fields: readonly unknown[] = Array.isArray(json["fields"]) ? json["fields"] : [];
  return fields.flatMap((field) =>
    isJsonObject(field) && field["type"] === "relation" ? [field["collectionId"]] : [],
  );
}

function pickWritten(json: JsonObject): JsonObject & { readonly authToken?: unknown } {
  return Object.fromEntries(writtenKeys.flatMap((key) => (key in json ? [[key, json[key]]] : [])));
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
