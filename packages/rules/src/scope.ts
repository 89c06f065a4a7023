import {
  type JoinNode,
  nodeFrom,
  type NodeDraft,
  placeAt,
  recordPlace,
  type RecordPlace,
} from "./join-node.ts";
import type { NamePlace } from "./name-place.ts";
import type { TermOrigin } from "./term.ts";
import type { RuleCollection, RuleSchema } from "./schema.ts";

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

/** The collection of whoever asks, if anybody does, and whether its rows are at hand. */
export interface AuthPlace {
  readonly collection?: RuleCollection | undefined;
  readonly isFollowed?: boolean;
}

/** Records that a filter joins under a list rule. */
export interface GuardedJoin {
  readonly collection: RuleCollection;
  readonly listRule: string;
  readonly place: RecordPlace;
  readonly start: number;
}

/** What a rule and the list rules within it have in common. */
interface Common {
  readonly needs: Map<Need, number>;
  readonly reads: Set<string>;
  readonly follows: Set<string>;
  readonly nodes: JoinNode[];
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
  /** Whether the rows of that collection are at hand. */
  readonly isAuthFollowed: boolean;
  /** Where the rule's own fields are read. */
  readonly root: RecordPlace;
  /** The rule that is compiled; its name tells apart what equal paths mean in a list rule. */
  readonly origin: TermOrigin;
  readonly guardedJoins: GuardedJoin[] = [];
  readonly #common: Common;

  constructor(
    { schema, collection, kind, context = "realtime" }: RulePlace,
    { collection: authCollection, isFollowed = false }: AuthPlace = {},
    within?: { readonly scope: Scope; readonly root: RecordPlace; readonly origin: TermOrigin },
  ) {
    this.schema = schema;
    this.collection = collection;
    this.isFilter = kind === "filter";
    this.context = context;
    this.authCollection = authCollection;
    this.isAuthFollowed = isFollowed;
    this.root = within?.root ?? recordPlace;
    this.origin = within?.origin ?? { name: "" };
    this.#common =
      within === undefined
        ? { needs: new Map(), reads: new Set(), follows: new Set(), nodes: [] }
        : within.scope.#common;
  }

  /** What the verdict takes, and where the text first asks for it. */
  get needs(): ReadonlyMap<Need, number> {
    return this.#common.needs;
  }

  /** The request values that the verdict depends on, such as `@request.auth.id`. */
  get reads(): ReadonlySet<string> {
    return this.#common.reads;
  }

  /** The collections whose records it joins, by id. */
  get follows(): ReadonlySet<string> {
    return this.#common.follows;
  }

  /** All nodes, parents before what goes out from them. */
  get nodes(): readonly JoinNode[] {
    return this.#common.nodes;
  }

  /** Notes what a name takes. */
  need(need: Need, { start }: Pick<NamePlace, "start">): void {
    if (!this.needs.has(need)) this.#common.needs.set(need, start);
  }

  /** Notes a request value that the verdict depends on. */
  read(name: string): void {
    this.#common.reads.add(name);
  }

  /** Notes a collection whose records are joined. */
  follow({ id }: RuleCollection): void {
    this.#common.follows.add(id);
  }

  /** The place at the node that a path leads to from another place. */
  join(from: RecordPlace, path: string, draft: NodeDraft): RecordPlace {
    const { nodes } = this.#common;
    const name = this.origin.name + path;
    const known = nodes.find((node) => node.path === name);
    const node = known ?? nodeFrom(from, name, nodes.length, draft);
    if (known === undefined) nodes.push(node);
    return placeAt(node, from, draft.isMultiple);
  }
}
