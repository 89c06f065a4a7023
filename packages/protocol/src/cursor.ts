/** A place in the log: behind an entry, or inside the frames that one client gets of it. */
export interface Cursor {
  /** The entry's id as Redis writes it, `<Unix milliseconds>-<number>`. */
  readonly entry: string;
  /** The last frame of the entry that the client has had; nothing where it has had all. */
  readonly place?: string | undefined;
}

/** Redis counts both parts of an id in 64 bits. */
const greatestPart = "18446744073709551615";

/**
 * Reads what a client offers as its cursor.
 * @returns nothing where it is none that a node ever wrote
 */
export function parseCursor(text: string): Cursor | undefined {
  const [, ms = "", number = "", place] =
    /^(0|[1-9]\d{0,19})-(0|[1-9]\d{0,19})(?:\.([0-9a-z]{1,32}))?$/.exec(text) ?? [];
  if (ms === "" || compareDigits(ms, greatestPart) > 0 || compareDigits(number, greatestPart) > 0) {
    return undefined;
  }
  return { entry: `${ms}-${number}`, place };
}

/** The cursor as text, which every frame carries as its id. */
export function encodeCursor({ entry, place }: Cursor): string {
  return place === undefined ? entry : `${entry}.${place}`;
}

/** The order of two entries of the log: negative where the first is older, 0 where they are the same. */
export function compareEntries(one: string, other: string): number {
  if (one === other) return 0;
  const [middle, otherMiddle] = [one.indexOf("-"), other.indexOf("-")];
  return (
    compareDigits(one.slice(0, middle), other.slice(0, otherMiddle)) ||
    compareDigits(one.slice(middle + 1), other.slice(otherMiddle + 1))
  );
}

/** When an entry was written, in Unix milliseconds by Redis's clock. */
export function entryMs(entry: string): number {
  return Number(entry.slice(0, entry.indexOf("-")));
}

/** Whether a client with a cursor has had a frame. */
export function hasHad(cursor: Cursor, { entry, place }: Cursor): boolean {
  const order = compareEntries(entry, cursor.entry);
  if (order !== 0) return order < 0;
  return cursor.place === undefined || (place !== undefined && place <= cursor.place);
}

/** By value, without leading zeros. */
function compareDigits(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return Number(one > other) - Number(one < other);
}
