import type { PocketBaseSource, SourceCollection } from "./pocketbase-source.ts";
import { type Change, isRow, type Row, textOf } from "./row.ts";

/**
 * Compares the rows that are kept with PocketBase's.
 * @returns what has to be written for the kept ones to be the same
 */
export async function compareRows(
  source: Pick<PocketBaseSource, "readRows">,
  collection: SourceCollection,
  kept: ReadonlyMap<string, string>,
): Promise<readonly Change[]> {
  const { name } = collection;
  const changes: Change[] = [];
  const missing = new Map(kept);
  for await (const row of source.readRows(collection)) {
    const text = kept.get(row.id);
    missing.delete(row.id);
    if (text === undefined) changes.push({ action: "create", collection: name, record: row });
    else if (!saysTheSame(text, row)) changes.push({ action: "update", collection: name, record: row });
  }
  for (const [id, text] of missing) {
    changes.push({ action: "delete", collection: name, record: keptRow(text) ?? { id } });
  }
  return changes;
}

function saysTheSame(text: string, row: Row): boolean {
  const kept = keptRow(text);
  return kept !== undefined && textOf(kept) === textOf(row);
}

function keptRow(text: string): Row | undefined {
  try {
    const row: unknown = JSON.parse(text);
    return isRow(row) ? row : undefined;
  } catch {
    // a row that nobody can read is written anew
    return undefined;
  }
}
