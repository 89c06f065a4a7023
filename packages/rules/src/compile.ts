import type { Condition } from "./comparison.ts";
import { type DecidingComparison, decidingComparisons } from "./deciding-comparison.ts";
import { EvaluationError } from "./evaluation-error.ts";
import { guestMatches } from "./guest-match.ts";
import { compileOperand } from "./operand.ts";
import { parse, type Quirk } from "./parser.ts";
import type { RequestValues, Row, Subject } from "./row.ts";
import type { RuleCollection } from "./schema.ts";
import { type Need, type RulePlace, Scope } from "./scope.ts";
import type { SqlValue, Verdict } from "./sql-value.ts";
import type { Comparison, Group } from "./syntax.ts";
import { comparisonTerm, junctionTerm, type Term } from "./term.ts";

/** Most rows that one evaluation looks at; a rule with more is refused for that record. */
const maxRows = 10_000;

/**
 * What a rule says of a subject. `undecidable`: it takes data that the engine does not have; `failed`: SQLite would fail
 * while it runs. Both let nobody see anything.
 */
export type Decision = boolean | "undecidable" | "failed";

/**
 * Compiles a rule or filter; the empty text is no rule and is not for this function.
 * @throws {RuleError} where PocketBase would refuse it
 */
export function compileRule(text: string, place: RulePlace): CompiledRule {
  const { group, quirks } = parse(text);
  return new CompiledRule(text, { group, quirks, place });
}

interface RuleParts {
  readonly group: Group;
  readonly quirks: readonly Quirk[];
  readonly place: RulePlace;
}

/** A rule compiled for those whose auth records are in one collection, or for guests. */
interface Program {
  readonly scope: Scope;
  readonly term: Term;
  readonly condition: Condition;
  readonly takesMore: boolean;
}

const unknownCollection: RuleCollection = { id: "", name: "", type: "base", fields: [], listRule: null };

/** A rule or filter, ready to be asked. */
export class CompiledRule {
  readonly text: string;
  /** The data that a verdict takes, and where the text first asks for each, in UTF-16 units. */
  readonly needs: ReadonlyMap<Need, number>;
  /** The request values that a verdict depends on: equal values, equal verdict. */
  readonly reads: ReadonlySet<string>;
  /** What it says of every subject, if that is always the same. */
  readonly constant: boolean | undefined;
  /** A filter that mentions `@request.` or `@collection.`, in a text even: only superusers may have it. */
  readonly superusersOnly: boolean;
  /** What is accepted as PocketBase accepts it, and hardly meant. */
  readonly quirks: readonly Quirk[];
  readonly #group: Group;
  readonly #place: RulePlace;
  readonly #forGuests: Program;
  readonly #readsClaims: boolean;
  readonly #byAuthCollection = new Map<string, Program>();

  constructor(text: string, { group, quirks, place }: RuleParts) {
    const program = compileProgram(group, place);
    const { scope, term, takesMore } = program;
    this.text = text;
    this.needs = scope.needs;
    this.reads = scope.reads;
    this.constant = takesMore || term.constant === undefined ? undefined : term.constant.verdict === true;
    const isFilter = place.kind === "filter";
    this.superusersOnly = isFilter && (text.includes("@request.") || text.includes("@collection."));
    this.quirks = isFilter ? quirks : [...quirks, ...guestMatches(term)];
    this.#group = group;
    this.#place = place;
    this.#forGuests = program;
    this.#readsClaims = scope.needs.has("auth-record");
  }

  /** Decides for a subject. */
  decide(subject: Subject): Decision {
    if (this.constant !== undefined) return this.constant;
    return decide(this.#programFor(subject.request), subject);
  }

  /** Finds the comparisons for which a subject does not pass: one of `&&`, all of `||`; nothing where it takes more data. */
  explain(subject: Subject): readonly DecidingComparison[] {
    const program = this.#programFor(subject.request);
    const { scope, term, takesMore } = program;
    if (takesMore || decide(program, subject) === true) return [];
    const elements = scope.nodes.map(({ values }) => values(subject)[0] ?? null);
    return decidingComparisons(term, { ...subject, elements }, this.text);
  }

  /** Claims of a token are columns where their auth collection declares them: each collection has its own. */
  #programFor({ auth }: RequestValues): Program {
    if (!this.#readsClaims || auth === undefined) return this.#forGuests;
    const key = auth["collectionId"];
    const collection = (typeof key === "string" && this.#place.schema.find(key)) || unknownCollection;
    const known = this.#byAuthCollection.get(collection.id);
    if (known !== undefined) return known;
    const program = compileProgram(this.#group, this.#place, collection);
    this.#byAuthCollection.set(collection.id, program);
    return program;
  }
}

function compileProgram(group: Group, place: RulePlace, authCollection?: RuleCollection): Program {
  const scope = new Scope(place, authCollection);
  const term = compileGroup(scope, group);
  const takesMore = [...scope.needs.keys()].some((need) => !atHand.has(need));
  const { condition } = term;
  const isSingleRow = scope.nodes.length === 0;
  return {
    scope,
    term,
    takesMore,
    condition: isSingleRow ? condition : (row) => someRow(scope, condition, row),
  };
}

const atHand: ReadonlySet<Need> = new Set<Need>(["record", "request", "auth-record"]);

function decide({ takesMore, condition }: Program, subject: Subject): Decision {
  if (takesMore) return "undecidable";
  try {
    const verdict = condition(subject);
    return verdict === undefined ? "undecidable" : verdict === true;
  } catch (error) {
    if (error instanceof EvaluationError) return "failed";
    throw error;
  }
}

/** Whether some row passes: one element of every multiple operand. */
function someRow({ nodes }: Scope, condition: Condition, { record, request, nowMs }: Subject): Verdict {
  const elements: SqlValue[] = [];
  const row: Row = { record, request, nowMs, elements };
  const choices = nodes.map(({ values }) => values(row));
  const rows = choices.reduce((product, values) => product * values.length, 1);
  if (rows > maxRows) throw new EvaluationError(`expected at most ${maxRows} rows, got ${rows}`);
  let isMissing = false;
  for (let index = 0; index < rows; index++) {
    choose(elements, choices, index);
    const verdict = condition(row);
    if (verdict === true) return true;
    if (verdict === undefined) isMissing = true;
  }
  return isMissing ? undefined : false;
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
