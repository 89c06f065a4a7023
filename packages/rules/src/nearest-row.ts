import { type JoinNode, withParents } from "./join-node.ts";
import { isUsable, type LookUp, lookUpCells, lookUpsOf, type OpenRow, openRow } from "./join-plan.ts";
import type { Cell, Row, Subject } from "./row.ts";
import { readsAuth, type Side } from "./side.ts";
import { comparisonsOf, type ComparisonTerm, outcomeOf, type Term, type TermOrigin } from "./term.ts";
import { evaluate, work, workOnRow } from "./work.ts";

/** The joined row for which a term comes nearest to passing. */
export interface NearestRow {
  readonly row: Row;
  /** The comparisons that are true for some joined row. */
  readonly held: ReadonlySet<Term>;
  /** Whether there are more joined rows than one evaluation may look at. */
  readonly isPartial: boolean;
}

/** What is less than one comparison, 200 times even. */
const little = 0.001;

/** Finds the joined row for which the fewest comparisons keep a term from passing: of several the first, who asks before all else. */
export function nearestRow(term: Term, subject: Subject): NearestRow {
  const row = openRow(subject);
  const held = new Set<Term>();
  const comparisons = comparisonsOf(term);
  let [least, cells] = [Infinity, row.cells];
  const end = evaluate(() => {
    for (const _ of joinedRows(stepsOf(term.nodes, comparisons), row)) {
      workOnRow(2 + 4 * comparisons.length);
      const distance = distanceOf(term, row, held);
      if (distance < least) [least, cells] = [distance, [...row.cells]];
    }
    work(0);
  });
  return { row: { ...row, cells }, held, isPartial: end === "failed" };
}

/** The joined rows that have the values of a side, which stands in a rule or in the list rule of what stands at the row. */
export function* rowsOf({ nodes = [], values }: Side, row: Row, { name }: TermOrigin): Iterable<Row> {
  const own = withParents(values === undefined ? [] : nodes).filter(({ path }) => path.startsWith(name));
  const open = { ...row, cells: [...(row.cells ?? [])] };
  for (const { cells } of joinedRows(stepsOf(own, []), open)) yield { ...row, cells: [...cells] };
}

type Step = readonly [node: JoinNode, lookUps: readonly LookUp[]];

function stepsOf(nodes: readonly JoinNode[], comparisons: readonly ComparisonTerm[]): readonly Step[] {
  const lookUps = comparisons.toSorted((one, other) => weightOf(other) - weightOf(one)).flatMap(lookUpsOf);
  return nodes.map((node, depth) => {
    const bound = new Set(nodes.slice(0, depth));
    return [node, lookUps.filter((lookUp) => isUsable(lookUp, new Set([node]), bound))];
  });
}

/** All joined rows, one after the other in the same cells; what look-ups find comes first, and again. */
function* joinedRows([step, ...steps]: readonly Step[], row: OpenRow): Iterable<OpenRow> {
  if (step === undefined) {
    yield row;
    return;
  }
  const [node] = step;
  for (const cell of likelyCells(step, row)) {
    row.cells[node.index] = cell;
    yield* joinedRows(steps, row);
  }
}

function* likelyCells([node, lookUps]: Step, row: Row): Iterable<Cell> {
  const parent = node.origin(row);
  for (const lookUp of lookUps) yield* lookUpCells(lookUp, row, parent) ?? [];
  yield* node.cellsOf(row, parent);
}

/** How many comparisons are between a term and passing, one for what joins nothing; less than one where it is not decided. */
export function distanceOf(term: Term, row: Row, held = new Set<Term>()): number {
  if (term.kind === "comparison" || term.nodes.length === 0) {
    const outcome = outcomeOf(term, row);
    if (outcome === undefined) return little;
    if (outcome !== true) return weightOf(term);
    held.add(term);
    return 0;
  }
  const distances = term.terms.map((part) => distanceOf(part, row, held));
  if (term.kind === "||") return Math.min(...distances);
  return distances.reduce((sum, distance) => sum + distance, 0);
}

/** The row of whoever asks is nearer than another that is as near. */
function weightOf(term: Term): number {
  const isOfAuth = term.kind === "comparison" && (readsAuth(term.left) || readsAuth(term.right));
  return isOfAuth ? 1 + little : 1;
}
