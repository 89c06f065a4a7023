import { work } from "./work.ts";
import { type Cell, isRecord, type Row } from "./row.ts";
import type { Source, TextColumn } from "./side.ts";

/** What a path adds to the joined row: a related record, an element of a list, any record of a collection. */
export interface JoinNode {
  /** Its place among the cells of a row; behind its parent's. */
  readonly index: number;
  /** Equal paths share a node. */
  readonly path: string;
  /** The node that it goes out from; nothing for the subject's own record and auth record. */
  readonly parent: JoinNode | undefined;
  readonly kind: "one" | "element" | "back" | "all";
  /** The name of the collection whose records stand here; nothing for elements of a list. */
  readonly collection: string | undefined;
  /** What stands where it goes out from. */
  readonly origin: (row: Row) => Cell;
  /** What may stand here where this stands at the parent: at least one cell. */
  readonly cellsOf: (row: Row, parent: Cell) => Iterable<Cell>;
  /** Fewer cells, among them all whose column is a text that is not empty. */
  readonly lookUp: (row: Row, parent: Cell, column: { field: string; text: string }) => Iterable<Cell>;
  /** Whether a look-up by a column is any better. */
  readonly finds: (field: string) => boolean;
  /** What a column says in the cells that {@link JoinNode.lookUp} finds, where an index tells that without them. */
  readonly textsOf?: TextsOf | undefined;
}

/** @param lookUp nothing for all that may stand there */
type TextsOf = (
  row: Row,
  parent: Cell,
  read: { readonly column: string; readonly lookUp: { field: string; text: string } | undefined },
) => readonly string[] | undefined;

/** Where the columns of a record are read: the subject's own record, its auth record, or a node. */
export interface RecordPlace {
  readonly sources: readonly Source[];
  /** What stands before the name of a field. */
  readonly path: string;
  readonly node: JoinNode | undefined;
  /** Whether several records may stand here at once. */
  readonly isMultiple: boolean;
  readonly cell: (row: Row) => Cell;
  /** All that may stand here, found anew from the root. */
  readonly reach: (row: Row) => Iterable<Cell>;
  /** The columns besides its own that hold the id of what stands here, unless nothing does. */
  readonly idColumns?: readonly TextColumn[] | undefined;
  /** Whether it is not known to which other records it leads by now. */
  readonly isStale?: ((row: Row) => boolean) | undefined;
  /** The root, where it is a node itself. */
  readonly anchor?: ((row: Row) => Cell) | undefined;
}

/** The subject's own record. */
export const recordPlace: RecordPlace = {
  sources: ["record"],
  path: "",
  node: undefined,
  isMultiple: false,
  cell: ({ record }) => record,
  reach: ({ record }) => [record],
};

/** The auth record behind a request: its row where the collection is followed, else what the token says of it. */
export const authPlace: RecordPlace = {
  sources: ["auth"],
  path: "@request.auth.",
  node: undefined,
  isMultiple: false,
  cell: (row) => (isAuthFollowed(row) ? authRow(row) : row.request.auth),
  reach: (row) => [isAuthFollowed(row) ? authRow(row) : row.request.auth],
  isStale: (row) => !isAuthFollowed(row),
};

/** Whether the row behind `@request.auth` is at hand, or known to be gone. */
export function isAuthFollowed({ records, request: { auth } }: Row): boolean {
  const collectionId = auth?.["collectionId"];
  return records !== undefined && typeof collectionId === "string" && records.has(collectionId);
}

function authRow({ records, request: { auth } }: Row): Cell {
  const { collectionId, id } = auth ?? {};
  if (typeof collectionId !== "string" || typeof id !== "string") return null;
  return records?.get(collectionId, id) ?? null;
}

/** A place at a node, as the root of a rule of its own. */
export function rootAt({ sources, node, cell }: RecordPlace): RecordPlace {
  return { sources, path: "", node, isMultiple: false, cell, reach: (row) => [cell(row)], anchor: cell };
}

/** What a path adds, before it is a node. */
export type NodeDraft = Pick<JoinNode, "kind" | "cellsOf"> &
  Partial<Pick<JoinNode, "collection" | "lookUp" | "finds" | "textsOf">> & { readonly isMultiple: boolean };

/** A node that goes out from a place. */
export function nodeFrom(from: RecordPlace, path: string, index: number, draft: NodeDraft): JoinNode {
  const { kind, collection, cellsOf, lookUp = cellsOf, finds = () => false, textsOf } = draft;
  const { cell, isStale } = from;
  const origin = (row: Row): Cell => (kind !== "element" && isStale?.(row) === true ? undefined : cell(row));
  return { index, path, parent: from.node, kind, collection, origin, cellsOf, lookUp, finds, textsOf };
}

/** The place at a node that goes out from another place. */
export function placeAt(node: JoinNode, from: RecordPlace, isMultiple: boolean): RecordPlace {
  return {
    sources: sourcesBehind(from, node),
    path: `${node.path}.`,
    node,
    isMultiple: from.isMultiple || isMultiple,
    cell: ({ cells }) => (cells === undefined ? null : cells[node.index]),
    reach: (row) => reachedFrom(from, node, row),
    isStale: node.kind === "element" ? from.isStale : undefined,
    anchor: from.anchor,
  };
}

function* reachedFrom(from: RecordPlace, node: JoinNode, row: Row): Iterable<Cell> {
  const isUnknown = node.kind !== "element" && from.isStale?.(row) === true;
  for (const start of isUnknown ? [undefined] : from.reach(row)) {
    for (const cell of node.cellsOf(row, start)) {
      work(2);
      yield cell;
    }
  }
}

function sourcesBehind({ sources }: RecordPlace, { kind }: JoinNode): readonly Source[] {
  if (kind === "element") return sources;
  if (kind === "all") return ["related"];
  if (sources.includes("auth") || sources.includes("auth-related")) return ["auth-related"];
  return sources.includes("related") ? sources : [...sources, "related"];
}

/** The records that a row of a node may lead to, where their collection is at hand. */
export function followed(
  row: Row,
  collectionId: string,
  find: (records: NonNullable<Row["records"]>) => Iterable<Cell>,
): Iterable<Cell> {
  return row.records?.has(collectionId) === true ? find(row.records) : [undefined];
}

/** The related record that a cell names: an element of a list, or the value of a field. */
export function relatedRecord(row: Row, collectionId: string, id: Cell): readonly Cell[] {
  if (id === undefined) return [undefined];
  if (typeof id !== "string" || id === "") return [null];
  if (row.records?.has(collectionId) !== true) return [undefined];
  return [row.records.get(collectionId, id) ?? null];
}

/** What there is, or one row of NULLs. */
export function* orNull(cells: Iterable<Cell>): Iterable<Cell> {
  let isEmpty = true;
  for (const cell of cells) {
    isEmpty = false;
    yield cell;
  }
  if (isEmpty) yield null;
}

/** Whether a record's field is an id, or has it. */
export function refersTo(cell: Cell, field: string, id: string): boolean {
  if (!isRecord(cell) || !Object.hasOwn(cell, field)) return false;
  const value = cell[field];
  return Array.isArray(value) ? value.includes(id) : value === id;
}

/** Nodes with all that they go out from, each once. */
export function withParents(nodes: readonly JoinNode[]): readonly JoinNode[] {
  const all = new Set<JoinNode>();
  for (const node of nodes) {
    for (let at: JoinNode | undefined = node; at !== undefined && !all.has(at); at = at.parent) all.add(at);
  }
  return [...all].toSorted((one, other) => one.index - other.index);
}
