import type { Redis } from "ioredis";
import { isKeptId } from "@sluice/protocol";
import { BackplaneError } from "../backplane-error.ts";

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
  let wasCut = false;
  const noteCut = (): void => void (wasCut = true);
  redis.once("close", noteCut);
  try {
    let cursor = "0";
    do {
      const [next, fields] = await redis.hscan(key, cursor, "COUNT", batchRows);
      takeRows(fields, take);
      cursor = next;
    } while (cursor !== "0");
    const isSame = (await redis.hget(key, seededField)) === seeded;
    // another Redis has the rows in another order: what was read in two halves would have holes
    if (wasCut) throw new BackplaneError("the connection was lost while rows were read");
    return isSame ? seeded : undefined;
  } finally {
    redis.off("close", noteCut);
  }
}

function takeRows(fields: readonly string[], take: (id: string, json: string) => void): void {
  for (let at = 0; at < fields.length; at += 2) {
    const [id = "", json = ""] = [fields[at], fields[at + 1]];
    if (isKeptId(id) && json !== "") take(id, json);
  }
}
