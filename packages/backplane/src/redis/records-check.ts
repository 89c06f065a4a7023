import { createHash } from "node:crypto";
import { encodeSortedJson, isJsonObject, type KeptRow } from "@sluice/protocol";
import type { Redis } from "ioredis";
import type { FollowedCollection } from "../backplane.ts";
import { CollectionLog } from "./collection-log.ts";
import type { Keys } from "./keys.ts";
import { seededField } from "./kept-rows.ts";
import { endOfLog } from "./log-reader.ts";
import { Script } from "./script.ts";

const rowsAtEndScript = new Script<readonly [end: string, rows: readonly (string | null)[]]>(
  "rows-at-end.lua",
);

/** Rows that are looked at in one step. */
const batchRows = 500;

/** Most ids that are told of rows that differ. */
const maxIds = 100;

/** How the kept rows of a collection compare with the log. */
export interface RecordsCheck {
  /** Whether the rows were seeded; where not, nodes do not use them. */
  readonly seeded: boolean;
  /** How many rows the log tells of. */
  readonly checked: number;
  /** How many of them are kept otherwise than their last event left them. */
  readonly different: number;
  /** The ids of those, 100 at most. */
  readonly ids: readonly string[];
}

/**
 * Finds rows whose writers wrote an event to the log and not the row beside it: compares each row that the log tells of
 * with what is kept, at one and the same place in the log, while writers go on. Rows of which the log no longer tells are
 * not looked at.
 */
export async function checkRecords(
  redis: Redis,
  keys: Keys,
  collection: FollowedCollection,
): Promise<RecordsCheck> {
  const begin = await endOfLog(redis, keys.log);
  const log = new CollectionLog(redis, keys.log, { collection, begin });
  /** Of each row a digest of what its last event left. */
  const last = new Map<string, string>();
  const note = (rows: readonly KeptRow[]): void => {
    for (const { id, json } of rows) last.set(id, digestOf(json));
  };
  await log.readTo(begin, note);
  const ids = [...last.keys()];
  const different: string[] = [];
  for (let at = 0; at < ids.length; at += batchRows) {
    const some = ids.slice(at, at + batchRows);
    const [end, rows] = await rowsAtEndScript.run(redis, [keys.rows(collection.name), keys.log], some);
    await log.readTo(end, note);
    different.push(...some.filter((id, index) => last.get(id) !== digestOf(rows[index] ?? undefined)));
  }
  const seeded = (await redis.hget(keys.rows(collection.name), seededField)) !== null;
  return { seeded, checked: ids.length, different: different.length, ids: different.slice(0, maxIds) };
}

/** Two writers may put the same row in other words. */
function digestOf(json: string | undefined): string {
  if (json === undefined || json === "") return "";
  return createHash("sha1").update(sorted(json)).digest("base64");
}

function sorted(json: string): string {
  try {
    const row: unknown = JSON.parse(json);
    return isJsonObject(row) ? encodeSortedJson(row) : json;
  } catch {
    return json;
  }
}
