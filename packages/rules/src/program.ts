import { AudiencePlan } from "./audience-plan.ts";
import type { Condition } from "./comparison.ts";
import { type DecidingComparison, decidingComparisons } from "./deciding-comparison.ts";
import { EvaluationError } from "./evaluation-error.ts";
import { type LiteralPin, literalPinsOf } from "./literal-pin.ts";
import { compileOperand } from "./operand.ts";
import type { Row, Subject } from "./row.ts";
import type { RuleCollection } from "./schema.ts";
import { type Need, type RulePlace, Scope } from "./scope.ts";
import type { SqlValue, Verdict } from "./sql-value.ts";
import type { Comparison, Group } from "./syntax.ts";
import { comparisonsOf, comparisonTerm, junctionTerm, type Term } from "./term.ts";
import { beginWork, work } from "./work.ts";

/** Most rows that one evaluation looks at; a rule with more is refused for that record. */
const maxRows = 10_000;

/**
 * What a rule says of a subject. `undecidable`: it takes data that the engine does not have; `failed`: SQLite would fail
 * while it runs. Both let nobody see anything.
 */
export type Decision = boolean | "undecidable" | "failed";

const atHand: ReadonlySet<Need> = new Set<Need>(["record", "request", "auth-record"]);

/** A rule as it is for guests, or for those whose auth records are in one collection. */
export class RuleProgram {
  readonly scope: Scope;
  readonly term: Term;
  /** What it says of every subject, if that is always the same. */
  readonly constant: Decision | undefined;
  /** How to find who passes among many. */
  readonly audiences: AudiencePlan;
  /** The values of which a record must have one to pass; nothing where there are none of the kind. */
  readonly literalPins: readonly LiteralPin[] | undefined;
  readonly #condition: Condition;

  /** @throws {RuleError} where PocketBase would refuse the rule */
  constructor(group: Group, place: RulePlace, authCollection?: RuleCollection) {
    this.scope = new Scope(place, authCollection);
    this.term = compileGroup(this.scope, group);
    const { condition, constant } = this.term;
    const takesMore = [...this.scope.needs.keys()].some((need) => !atHand.has(need));
    if (takesMore) this.constant = "undecidable";
    else this.constant = constant && decisionOf(constant.verdict);
    this.audiences = new AudiencePlan(this.constant === undefined ? this.term : undefined);
    this.literalPins = this.constant === undefined ? literalPinsOf(this.term) : undefined;
    this.#condition = this.scope.nodes.length === 0 ? condition : someRow(this.scope, this.term);
  }

  decide(subject: Subject): Decision {
    if (this.constant !== undefined) return this.constant;
    try {
      beginWork();
      return decisionOf(this.#condition(subject));
    } catch (error) {
      if (error instanceof EvaluationError) return "failed";
      throw error;
    }
  }

  /** The comparisons for which a subject does not pass; nothing where it takes more data. */
  explain(subject: Subject, text: string): readonly DecidingComparison[] {
    const decision = this.decide(subject);
    if (decision === true || this.constant === "undecidable") return [];
    const elements = this.scope.nodes.map(({ values }) => values(subject)[0] ?? null);
    return decidingComparisons(this.term, { ...subject, elements }, text);
  }
}

function decisionOf(verdict: Verdict): Decision {
  return verdict === undefined ? "undecidable" : verdict === true;
}

/** Whether some row passes: one element of every multiple operand. */
function someRow({ nodes }: Scope, term: Term): Condition {
  const { condition } = term;
  const workPerRow = 4 * comparisonsOf(term).length;
  return ({ record, request, nowMs }) => {
    const elements: SqlValue[] = [];
    const row: Row = { record, request, nowMs, elements, found: undefined };
    const choices = nodes.map(({ values }) => values(row));
    const rows = choices.reduce((product, values) => product * values.length, 1);
    if (rows > maxRows) throw new EvaluationError(`expected at most ${maxRows} rows, got ${rows}`);
    let isMissing = false;
    for (let index = 0; index < rows; index++) {
      work(workPerRow);
      choose(elements, choices, index);
      const verdict = condition(row);
      if (verdict === true) return true;
      if (verdict === undefined) isMissing = true;
    }
    return isMissing ? undefined : false;
  };
}

function choose(elements: SqlValue[], choices: readonly (readonly SqlValue[])[], index: number): void {
  let left = index;
  for (const [node, values] of choices.entries()) {
    elements[node] = values[left % values.length] ?? null;
    left = Math.floor(left / values.length);
  }
}

/** `&&` binds tighter than `||`. */
function compileGroup(scope: Scope, { items }: Group): Term {
  const alternatives: Term[][] = [];
  for (const [index, { join, term }] of items.entries()) {
    const compiled = term.kind === "group" ? compileGroup(scope, term) : compileTerm(scope, term);
    if (index === 0 || join === "||") alternatives.push([compiled]);
    else alternatives.at(-1)?.push(compiled);
  }
  return junctionTerm(
    "||",
    alternatives.map((terms) => junctionTerm("&&", terms)),
  );
}

function compileTerm(scope: Scope, comparison: Comparison): Term {
  const { left, right } = comparison;
  return comparisonTerm(comparison, compileOperand(scope, left), compileOperand(scope, right));
}
