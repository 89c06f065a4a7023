import { alternativesOf } from "./alternatives.ts";
import { AudiencePlan } from "./audience-plan.ts";
import type { Condition } from "./comparison.ts";
import { type DecidingComparison, decidingComparisons } from "./deciding-comparison.ts";
import { EvaluationError } from "./evaluation-error.ts";
import { JoinPlan, openRow } from "./join-plan.ts";
import { listRuleTerms } from "./list-rule.ts";
import { type LiteralPin, literalPinsOf } from "./literal-pin.ts";
import { nearestRow } from "./nearest-row.ts";
import { compileOperand } from "./operand.ts";
import type { Subject } from "./row.ts";
import { RuleError } from "./rule-error.ts";
import { type AuthPlace, type RulePlace, Scope } from "./scope.ts";
import type { Verdict } from "./sql-value.ts";
import type { Comparison, Group } from "./syntax.ts";
import { comparisonTerm, junctionTerm, type Term } from "./term.ts";
import { beginWork } from "./work.ts";

/** Most relations, lists and collections that a rule joins: SQLite fails beyond 64 tables, one of which is the record's own. */
const maxJoins = 63;

/**
 * What a rule says of a subject. `undecidable`: it takes data that the engine does not have; `failed`: SQLite would fail
 * while it runs. Both let nobody see anything.
 */
export type Decision = boolean | "undecidable" | "failed";

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
  constructor(group: Group, place: RulePlace, auth?: AuthPlace) {
    // literals are converted once, at a price
    beginWork();
    this.scope = new Scope(place, auth);
    const term = compileGroup(this.scope, group);
    this.term = junctionTerm("&&", [term, ...listRuleTerms(this.scope, compileGroup)]);
    if (this.scope.nodes.length > maxJoins) {
      throw new RuleError("limit", `expected at most ${maxJoins} joins`, 0);
    }
    const { condition, constant } = this.term;
    this.constant = constant && decisionOf(constant.verdict);
    this.audiences = new AudiencePlan(this.constant === undefined ? this.term : undefined);
    this.literalPins = this.constant === undefined ? literalPinsOf(this.term) : undefined;
    this.#condition = this.scope.nodes.length === 0 ? condition : someRow(this.term);
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

  /** The comparisons for which a subject does not pass, each alternative for the joined row for which it comes nearest. */
  explain(subject: Subject, text: string): readonly DecidingComparison[] {
    if (this.decide(subject) === true) return [];
    const alternatives = this.term.kind === "||" ? this.term.terms : [this.term];
    return alternatives.flatMap((term) => decidingComparisons(term, nearestRow(term, subject), text));
  }
}

function decisionOf(verdict: Verdict): Decision {
  return verdict === undefined ? "undecidable" : verdict === true;
}

/** Whether some joined row passes. */
function someRow(term: Term): Condition {
  const plans = alternativesOf(term).map((alternative) => new JoinPlan(alternative));
  return (subject) => {
    const row = openRow(subject);
    let isOpen = false;
    for (const plan of plans) {
      const verdict = plan.passes(row);
      if (verdict === true) return true;
      if (verdict === undefined) isOpen = true;
    }
    return isOpen ? undefined : false;
  };
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
  const left = compileOperand(scope, comparison.left);
  const right = compileOperand(scope, comparison.right);
  return comparisonTerm(comparison, { left, right }, scope.origin);
}
