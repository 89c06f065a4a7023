/** Entries of one millisecond that {@link placeOf} can tell apart; a milliseconds' count has room for no more. */
const entriesPerMs = 4_096;

/**
 * The place of a cursor in the order of the log, as a number; how far a client is into the entry does not count.
 * @returns nothing for a text that is no cursor
 */
export function placeOf(cursor: string): number | undefined {
  const [, ms, entry] = /^(\d{1,15})-(\d{1,4})(?:\.[0-9a-z]+)?$/.exec(cursor) ?? [];
  return ms === undefined || entry === undefined ? undefined : Number(ms) * entriesPerMs + Number(entry);
}

/** The place in front of everything that is written in a millisecond or later. */
export function placeAt(ms: number): number {
  return ms * entriesPerMs;
}
