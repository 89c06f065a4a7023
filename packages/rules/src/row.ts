import type { RecordRow, Records } from "./records.ts";
import type { Verdict } from "./sql-value.ts";

/** What a rule is asked about. */
export interface Subject {
  /** The record as an event carries it; absent fields have the zero value of their type. */
  readonly record: Readonly<Record<string, unknown>>;
  readonly request: RequestValues;
  /** The rows of other collections; nothing where none are at hand. */
  readonly records?: Records | undefined;
  /** The clock that macros read, in Unix milliseconds. */
  readonly nowMs: number;
}

/** What `@request.*` reads. */
export interface RequestValues {
  /** The auth record behind the request; nothing for a guest. */
  readonly auth?: Readonly<Record<string, unknown>> | undefined;
  readonly query: Readonly<Record<string, string>>;
  /** By snake_case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What stands at a node of a joined row: a record, or an element of a list. Null is SQL's row of NULLs; nothing is what is
 * not at hand.
 */
export type Cell = RecordRow | string | null | undefined;

/** A subject, and what stands at each node of the joined row that is being looked at, if there are any. */
export interface Row extends Subject {
  readonly cells?: readonly Cell[];
  /** What was found once for all rows of an evaluation. */
  found?: Map<object, Found> | undefined;
}

interface Found {
  /** What it was found from. */
  readonly anchor: Cell;
  readonly verdict: Verdict;
}

/** Whether a record stands there. */
export function isRecord(cell: Cell): cell is RecordRow {
  return typeof cell === "object" && cell !== null;
}

/** Nothing asked about by nobody: a guest, an empty record. */
export const emptyRow: Row = { record: {}, request: { query: {}, headers: {} }, nowMs: 0 };
