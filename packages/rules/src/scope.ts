import type { RuleCollection, RuleSchema } from "./schema.ts";
import type { Row, Subject } from "./row.ts";
import type { SqlValue } from "./sql-value.ts";

/** The data that a verdict takes beyond the rule's text. */
export type Need =
  | "record"
  | "request"
  | "auth-record"
  | "related"
  | "related-listrule"
  | "back"
  | "collection";

/** Where a rule stands. */
export interface RulePlace {
  readonly schema: RuleSchema;
  /** The collection of the records that it is asked about. */
  readonly collection: RuleCollection;
  /** A subscriber's own filter, or a rule of the collection. */
  readonly kind: "rule" | "filter";
  /** What `@request.context` says; `realtime` where nothing else is said. */
  readonly context?: "realtime" | "expand";
}

/** A multiple operand of a rule: equal paths share one element of it. */
interface EachNode {
  readonly path: string;
  readonly values: (subject: Subject) => readonly SqlValue[];
}

/** What one rule is compiled in: its collection, and what was found in it so far. */
export class Scope {
  readonly schema: RuleSchema;
  readonly collection: RuleCollection;
  /** A filter may not see hidden fields, and joins only what its subscriber may list. */
  readonly isFilter: boolean;
  /** What `@request.context` says. */
  readonly context: "realtime" | "expand";
  /** The collection of whoever asks; nothing for guests. */
  readonly authCollection: RuleCollection | undefined;
  /** What the verdict takes, and where the text first asks for it. */
  readonly needs = new Map<Need, number>();
  /** The request values that the verdict depends on, such as `@request.auth.id`. */
  readonly reads = new Set<string>();
  readonly nodes: EachNode[] = [];

  constructor(
    { schema, collection, kind, context = "realtime" }: RulePlace,
    authCollection?: RuleCollection,
  ) {
    this.schema = schema;
    this.collection = collection;
    this.isFilter = kind === "filter";
    this.context = context;
    this.authCollection = authCollection;
  }

  /** Notes what a name takes. */
  need(need: Need, { start }: { readonly start: number }): void {
    if (!this.needs.has(need)) this.needs.set(need, start);
  }

  /** The element that a path has in a row. */
  element(path: string, values: EachNode["values"]): (row: Row) => SqlValue {
    const known = this.nodes.findIndex((node) => node.path === path);
    const index = known < 0 ? this.nodes.push({ path, values }) - 1 : known;
    return (row) => row.elements?.[index] ?? null;
  }
}
