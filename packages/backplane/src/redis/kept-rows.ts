import type { Redis } from "ioredis";
import { isKeptId } from "@sluice/protocol";

/** Rows per read: few enough that neither Redis nor this node is held up. */
const batchRows = 1_000;

/** Stands among the rows of a collection and names the seeding that they go back to; absent before the first. */
export const seededField = "@seeded";

/**
 * Reads the hash of a collection's rows; see `Backplane.readRecords`.
 * @param key the hash
 */
export async function readKeptRows(
  redis: Redis,
  key: string,
  take: (id: string, json: string) => void,
): Promise<string | undefined> {
  const seeded = await redis.hget(key, seededField);
  if (seeded === null) return undefined;
  let cursor = "0";
  // another Redis has the rows in another order: a cut fails the read that is under way, and with it all of them
  do {
    const [next, fields] = await redis.hscan(key, cursor, "COUNT", batchRows);
    takeRows(fields, take);
    cursor = next;
  } while (cursor !== "0");
  return (await redis.hget(key, seededField)) === seeded ? seeded : undefined;
}

function takeRows(fields: readonly string[], take: (id: string, json: string) => void): void {
  for (let at = 0; at < fields.length; at += 2) {
    const [id = "", json = ""] = [fields[at], fields[at + 1]];
    if (isKeptId(id) && json !== "") take(id, json);
  }
}
