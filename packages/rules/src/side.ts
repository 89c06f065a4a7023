import type { JoinNode } from "./join-node.ts";
import type { Cell, Row } from "./row.ts";
import type { Affinity, SqlValue } from "./sql-value.ts";

/**
 * What a value may differ by: the record, who asks, the options of the subscription, the clock; other records, or those
 * that are found from who asks.
 */
export type Source = "record" | "auth" | "options" | "clock" | "related" | "auth-related";

/** Whether a side has sources, and these only. */
export function isOnlyOf({ sources }: Side, ...wanted: readonly Source[]): boolean {
  return sources.length > 0 && sources.every((source) => wanted.includes(source));
}

/** Whether a side depends on who asks. */
export function readsAuth({ sources }: Side): boolean {
  return sources.includes("auth") || sources.includes("auth-related");
}

/** A column whose value is a text, or an element of a list, at a node. */
export interface TextColumn {
  readonly node: JoinNode;
  /** The empty text for the element itself. */
  readonly field: string;
}

/** One side of a comparison, compiled. */
export interface Side {
  readonly get: (row: Row) => SqlValue;
  /** All that the value depends on; nothing for one that stands in the rule. */
  readonly sources: readonly Source[];
  readonly affinity: Affinity;
  /** Whether a number is a REAL even if it is integral. */
  readonly isReal: boolean;
  /** JSON: null and the empty text are not the same. */
  readonly isJson: boolean;
  /**
   * What is known of the value before any row is looked at: `constant` and `request` values are empty or not by what
   * they are; a `function` is never known; a `flag` is SQL's bare TRUE or FALSE.
   */
  readonly known: "column" | "constant" | "request" | "function" | "flag";
  /** The text that a bound parameter lends to the pattern of `~`; nothing where the side has no parameter. */
  readonly parameter?: ((row: Row) => string | null) | undefined;
  /** The pattern that the side is on the right of `~`, where it makes one of its own. */
  readonly pattern?: ((row: Row) => SqlValue) | undefined;
  /** All values of a multiple operand, whatever the row; never empty, and nothing where one is not at hand. */
  readonly values?: ((row: Row) => readonly SqlValue[] | undefined) | undefined;
  /** Where its value stands; nothing for what is told from the subject alone. */
  readonly nodes?: readonly JoinNode[] | undefined;
  /** All values that it may have at its nodes, of a single operand too. */
  readonly reach?: ((row: Row) => readonly SqlValue[] | undefined) | undefined;
  /** The columns that hold its value, where that is a text: rows are looked up by it. */
  readonly textColumns?: readonly TextColumn[] | undefined;
  /** The row from which its values are enumerated, where that is not the subject's. */
  readonly anchor?: ((row: Row) => Cell) | undefined;
  /** Holds in addition wherever this side is compared. */
  readonly guard?: ((row: Row) => boolean) | undefined;
  /** Whether no explanation tells its value: a password hash, or what tokens are signed with. */
  readonly isUntold?: boolean;
  /** Whether the value is not at hand; absent where it always is. */
  readonly isMissing?: ((row: Row) => boolean) | undefined;
}

const plain = { affinity: "none", isReal: false, isJson: false } as const;

/** A column, or what is computed of one. */
export function column(sources: readonly Source[], get: Side["get"], more: Partial<Side> = {}): Side {
  return { ...plain, known: "column", sources, get, ...more };
}

/** A value that stands in the rule. */
export function constant(value: SqlValue, more: Partial<Side> = {}): Side {
  return { ...plain, known: "constant", sources: [], get: () => value, ...more };
}

/** A value that the request brings. */
export function requestValue(source: "auth" | "options", get: Side["get"], more: Partial<Side> = {}): Side {
  return { ...plain, known: "request", sources: [source], isReal: true, get, ...more };
}

/** A value of the request that is never there. */
export function absentValue(source: "auth" | "options"): Side {
  return requestValue(source, () => null, { parameter: () => null });
}
