import { type CollectionsParse, isJsonObject, parseCollections } from "@sluice/protocol";

/**
 * Reads stored collections one by one, as gateways do: a bad one does not spoil the others.
 * @param stored JSON by name
 */
export function parseStored(stored: ReadonlyMap<string, string>): CollectionsParse {
  const parses = [...stored].map(([name, text]) => parseOne(name, text));
  return {
    collections: parses.flatMap(({ collections }) => collections),
    problems: parses.flatMap(({ problems }) => problems),
  };
}

function parseOne(name: string, text: string): CollectionsParse {
  try {
    const { collections, problems } = parseCollections([JSON.parse(text)]);
    return { collections, problems: problems.map((problem) => `${name}: ${problem}`) };
  } catch {
    return {
      collections: [],
      problems: [`${name}: expected JSON, got ${text.length} characters of something else`],
    };
  }
}

/** A stored collection without what must never be shown. */
export function withoutSecret(collection: unknown): unknown {
  if (!isJsonObject(collection) || !isJsonObject(collection["authToken"])) return collection;
  const { secret: _secret, ...authToken } = collection["authToken"];
  return { ...collection, authToken };
}
