import { attempt } from "./evaluation-error.ts";
import { compileComparison, type Condition } from "./comparison.ts";
import { type JoinNode, withParents } from "./join-node.ts";
import { emptyRow, type Row } from "./row.ts";
import type { Side } from "./side.ts";
import type { Verdict } from "./sql-value.ts";
import type { Comparison } from "./syntax.ts";
import { evaluate } from "./work.ts";

/** A part of a rule, compiled; it keeps its shape, so that it can be looked into. */
export type Term = ComparisonTerm | JunctionTerm;

interface Compiled {
  readonly condition: Condition;
  /** The nodes at which its values stand, and all that those go out from, each once. */
  readonly nodes: readonly JoinNode[];
  /** The verdict that it has for every row, if it has one. */
  readonly constant?: { readonly verdict: Verdict };
}

export interface ComparisonTerm extends Compiled {
  readonly kind: "comparison";
  readonly syntax: Comparison;
  /** The rule in whose text it stands. */
  readonly origin: TermOrigin;
  readonly left: Side;
  readonly right: Side;
}

/** Where a term stands: in the rule itself, or in the list rule of what a filter joins. */
export interface TermOrigin {
  /** Empty for the rule itself. */
  readonly name: string;
  /** The list rule's text, and where the filter joins what it guards. */
  readonly listRule?: { readonly text: string; readonly start: number };
}

/** Terms joined by `&&` or `||`. */
interface JunctionTerm extends Compiled {
  readonly kind: "&&" | "||";
  readonly terms: readonly Term[];
}

/** Compiles a comparison of two sides. */
export function comparisonTerm(
  syntax: Comparison,
  { left, right }: { readonly left: Side; readonly right: Side },
  origin: TermOrigin,
): Term {
  const condition = compileComparison(syntax, left, right);
  const nodes = withParents([left, right].flatMap((side) => side.nodes ?? []));
  const term = { kind: "comparison", syntax, origin, left, right, condition, nodes } as const;
  const isFixed = left.sources.length === 0 && right.sources.length === 0;
  return isFixed ? withConstant(term) : term;
}

/** Joins terms; three-valued: false beats unknown in `&&`, true in `||`. */
export function junctionTerm(kind: "&&" | "||", terms: readonly Term[]): Term {
  const [only] = terms;
  if (terms.length === 1 && only !== undefined) return only;
  const deciding = kind === "||";
  const condition = join(
    terms.map((term) => term.condition),
    deciding,
  );
  const nodes = [...new Set(terms.flatMap((part) => part.nodes))];
  const term = { kind, terms, condition, nodes };
  const isFixed = terms.some(({ constant }) => constant?.verdict === deciding);
  return isFixed || terms.every(({ constant }) => constant !== undefined) ? withConstant(term) : term;
}

/** Joins conditions; the deciding truth ends the search, and what is missing might be it. */
function join([first, ...rest]: readonly Condition[], deciding: boolean): Condition {
  if (first === undefined) return () => !deciding;
  if (rest.length === 0) return first;
  const others = join(rest, deciding);
  return (row) => {
    const left = first(row);
    if (left === deciding) return deciding;
    const right = others(row);
    if (right === deciding || left === !deciding) return right;
    return right === undefined ? undefined : left;
  };
}

function withConstant<T extends Term>(term: T): T {
  const constant = { verdict: verdictOf(term, emptyRow) };
  return constant.verdict === "failed" ? term : { ...term, constant };
}

/** The verdict of a term on a row; `failed` where it cannot be carried out. */
export function verdictOf(term: Term, row: Row): Verdict | "failed" {
  return evaluate(() => term.condition(row));
}

/** The same within the work of an evaluation that has begun. */
export function outcomeOf({ condition }: Term, row: Row): Verdict | "failed" {
  return attempt(() => condition(row));
}

/** The comparisons of a term, from the left. */
export function comparisonsOf(term: Term): readonly ComparisonTerm[] {
  return term.kind === "comparison" ? [term] : term.terms.flatMap(comparisonsOf);
}
