import type { Deployment } from "@sluice/backplane";
import { type Collection, CollectionSet, parseCollections } from "@sluice/protocol";
import { describeBroken } from "./json-input.ts";

/** Stored collections, and what is wrong with those that could not be read. */
export interface StoredCollections {
  readonly collections: CollectionSet;
  readonly problems: readonly string[];
}

/** Reads stored collections one by one, as gateways do: a bad one does not spoil the others. */
export async function readStored(deployment: Deployment): Promise<StoredCollections> {
  const collections: Collection[] = [];
  const problems: string[] = [];
  for (const [name, text] of await deployment.readCollections()) {
    try {
      const parsed = parseCollections([JSON.parse(text)]);
      collections.push(...parsed.collections);
      problems.push(...parsed.problems.map((problem) => `${name}: ${problem}`));
    } catch (error) {
      problems.push(`${name}: expected JSON, got ${describeBroken(text, error)}`);
    }
  }
  return { collections: new CollectionSet(collections), problems };
}
