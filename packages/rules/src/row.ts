import type { Records } from "./records.ts";
import type { SqlValue } from "./sql-value.ts";

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

/** A subject, and the element that each multiple operand has in the row that is being looked at, if there are any. */
export interface Row extends Subject {
  readonly elements?: readonly SqlValue[];
  /** What was found once for all rows of an evaluation. */
  found?: Map<(row: Row) => boolean, boolean> | undefined;
}

/** Nothing asked about by nobody: a guest, an empty record. */
export const emptyRow: Row = { record: {}, request: { query: {}, headers: {} }, nowMs: 0 };
