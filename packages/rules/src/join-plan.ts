import type { Alternative } from "./alternatives.ts";
import type { Condition } from "./comparison.ts";
import { type JoinNode, withParents } from "./join-node.ts";
import type { Cell, Row, Subject } from "./row.ts";
import { shortest } from "./shortest.ts";
import type { Side, TextColumn } from "./side.ts";
import type { Verdict } from "./sql-value.ts";
import { comparisonsOf, type Term } from "./term.ts";
import { work, workOnRow } from "./work.ts";

/** A row whose cells are being chosen. */
export interface OpenRow extends Row {
  readonly cells: Cell[];
}

/** A subject before any row is joined. */
export function openRow({ record, request, records, nowMs }: Subject): OpenRow {
  return { record, request, records, nowMs, cells: [], found: undefined };
}

/** What is done with a joined row that passes, or may: `true` ends the search. */
type Visit = (row: OpenRow, isOpen: boolean) => Verdict;

/** More ways to look rows up are not worth a thought. */
const maxLookUps = 300;

/** The rows that some nodes join, in the order in which looking them up takes the fewest. */
export class JoinPlan {
  readonly #before: readonly Condition[];
  readonly #steps: readonly Step[];

  constructor(alternative: Alternative, nodes = withParents(alternative.flatMap((term) => term.nodes))) {
    const left = new Set(alternative);
    const bound = new Set<JoinNode>();
    const takeBound = (): readonly Term[] => {
      const ready = [...left].filter((term) => term.nodes.every((node) => bound.has(node)));
      for (const term of ready) left.delete(term);
      return ready;
    };
    this.#before = takeBound().map(({ condition }) => condition);
    const lookUps = alternative.flatMap(lookUpsOf).slice(0, maxLookUps);
    const waiting = new Set(nodes);
    const steps: Step[] = [];
    while (waiting.size > 0) {
      const candidates = [...waiting].filter(({ parent }) => parent === undefined || bound.has(parent));
      const usable = lookUps.filter((lookUp) => isUsable(lookUp, waiting, bound));
      const [best] = candidates
        .map((node) => ({ node, lookUps: usable.filter(({ column }) => column.node === node) }))
        .toSorted((one, other) => rank(one) - rank(other));
      if (best === undefined) break;
      waiting.delete(best.node);
      bound.add(best.node);
      steps.push(stepOf(best, takeBound()));
    }
    this.#steps = steps;
  }

  /** Whether a joined row passes, or may. */
  passes(row: OpenRow): Verdict {
    return this.search(row, (_, isOpen) => (isOpen ? undefined : true));
  }

  /** Visits the joined rows that pass, or may, until a visit says so. */
  search(row: OpenRow, visit: Visit): Verdict {
    const verdict = verdictOfAll(this.#before, row);
    return verdict === false ? false : this.#searchFrom(0, row, { visit, isOpen: verdict === undefined });
  }

  #searchFrom(
    depth: number,
    row: OpenRow,
    search: { readonly visit: Visit; readonly isOpen: boolean },
  ): Verdict {
    const step = this.#steps[depth];
    if (step === undefined) return search.visit(row, search.isOpen);
    let isOpen = false;
    for (const cell of cellsOf(step, row)) {
      if (step.node.kind === "one") work(step.work);
      else workOnRow(step.work);
      row.cells[step.node.index] = cell;
      const verdict = verdictOfAll(step.conditions, row);
      if (verdict === false) continue;
      const next = verdict === undefined ? { ...search, isOpen: true } : search;
      const found = this.#searchFrom(depth + 1, row, next);
      if (found === true) return true;
      if (found === undefined) isOpen = true;
    }
    return isOpen ? undefined : false;
  }
}

/** One node's turn: what may stand there, and what can be told then. */
interface Step {
  readonly node: JoinNode;
  readonly lookUps: readonly LookUp[];
  readonly conditions: readonly Condition[];
  readonly work: number;
}

/** A column of a node that must be equal to another value. */
export interface LookUp {
  readonly column: TextColumn;
  readonly other: Side;
}

/** A text, and the field whose text it must be. */
interface Wanted {
  readonly field: string;
  readonly text: string;
}

function stepOf({ node, lookUps }: Pick<Step, "node" | "lookUps">, terms: readonly Term[]): Step {
  const comparisons = terms.flatMap(comparisonsOf).length;
  return { node, lookUps, conditions: terms.map(({ condition }) => condition), work: 2 + 4 * comparisons };
}

/** The look-ups that a comparison offers: each of its sides may be a column. */
export function lookUpsOf(term: Term): readonly LookUp[] {
  if (term.kind !== "comparison" || term.syntax.operator !== "=") return [];
  const { left, right } = term;
  return [...lookUpsBetween(left, right), ...lookUpsBetween(right, left)];
}

function lookUpsBetween({ textColumns = [] }: Side, other: Side): readonly LookUp[] {
  return textColumns.map((column) => ({ column, other }));
}

/** Whether a look-up finds what stands at a node that waits, from what is bound. */
export function isUsable(
  { column: { node, field }, other }: LookUp,
  waiting: ReadonlySet<JoinNode>,
  bound: ReadonlySet<JoinNode>,
): boolean {
  if (!waiting.has(node) || !node.finds(field)) return false;
  // a node is bound after what it goes out from
  return (other.nodes ?? []).every((needed) => bound.has(needed));
}

/** What there are fewest of comes first. */
function rank({ node, lookUps }: Pick<Step, "node" | "lookUps">): number {
  if (node.kind === "one") return 0;
  if (lookUps.length > 0) return 1;
  return node.kind === "all" ? 3 : 2;
}

function cellsOf({ node, lookUps }: Step, row: Row): Iterable<Cell> {
  const parent = node.origin(row);
  const found: Iterable<Cell>[] = [];
  for (const lookUp of lookUps) {
    const cells = lookUpCells(lookUp, row, parent);
    if (cells === undefined) continue;
    if (hasFew(cells)) return cells;
    found.push(cells);
  }
  const [first, ...rest] = found;
  if (first === undefined) return node.cellsOf(row, parent);
  return rest.length === 0 ? first : shortest(found.map((cells) => ({ cells })));
}

/** What a look-up finds; nothing where it has no text to look for. */
export function lookUpCells(lookUp: LookUp, row: Row, parent: Cell): Iterable<Cell> | undefined {
  const wanted = wantedBy(lookUp, row);
  return wanted && lookUp.column.node.lookUp(row, parent, wanted);
}

/** What a look-up looks for. */
export function wantedBy({ column: { field }, other }: LookUp, row: Row): Wanted | undefined {
  const text = other.isMissing?.(row) === true ? null : other.get(row);
  return typeof text === "string" && text !== "" ? { field, text } : undefined;
}

/** So few, and that is known, that no other look-up is worth its price. */
function hasFew(cells: Iterable<Cell>): boolean {
  if (Array.isArray(cells)) return cells.length <= 2;
  return cells instanceof Set && cells.size <= 2;
}

/** `&&` over conditions; for one joined row unknown is as good as false. */
function verdictOfAll(conditions: readonly Condition[], row: Row): Verdict {
  let isOpen = false;
  for (const condition of conditions) {
    const verdict = condition(row);
    if (verdict === undefined) isOpen = true;
    else if (verdict !== true) return false;
  }
  return isOpen ? undefined : true;
}
