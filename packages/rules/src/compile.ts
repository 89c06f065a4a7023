import { compileCall } from "./call.ts";
import { compileComparison, type Condition } from "./comparison.ts";
import { EvaluationError, MissingDataError } from "./evaluation-error.ts";
import { macros } from "./macros.ts";
import { type Quirk, parse } from "./parser.ts";
import { resolveRecordPath, unknown } from "./record-path.ts";
import { resolveSpecial } from "./request-path.ts";
import type { Row, Subject } from "./row.ts";
import type { RuleCollection, RuleSchema } from "./schema.ts";
import { type Need, Scope } from "./scope.ts";
import { constant, type Side } from "./side.ts";
import { plainDecimal, type SqlValue, type Truth } from "./sql-value.ts";
import type { Comparison, Group, Operand } from "./syntax.ts";

/** Most rows that one evaluation looks at; a rule with more is refused for that record. */
const maxRows = 10_000;

/** A rule or filter, ready to be asked. */
export interface CompiledRule {
  /** The data that a verdict takes, and where the text first asks for each. */
  readonly needs: ReadonlyMap<Need, number>;
  /** The request values that a verdict depends on: equal values, equal verdict. */
  readonly reads: ReadonlySet<string>;
  /** A filter that mentions `@request.` or `@collection.`, in a text even: only superusers may have it. */
  readonly superusersOnly: boolean;
  readonly quirks: readonly Quirk[];
  /**
   * Decides for a subject. `undecidable`: it takes data that the engine does not have; `failed`: SQLite would fail
   * while it runs. Both let nobody see anything.
   */
  readonly decide: (subject: Subject) => boolean | "undecidable" | "failed";
}

/** Where a rule stands. */
export interface RulePlace {
  readonly schema: RuleSchema;
  /** The collection of the records that it is asked about. */
  readonly collection: RuleCollection;
  /** A subscriber's own filter, or a rule of the collection. */
  readonly kind: "rule" | "filter";
}

/**
 * Compiles a rule or filter; the empty text is no rule and is not for this function.
 * @throws {RuleError} where PocketBase would refuse it
 */
export function compileRule(text: string, { schema, collection, kind }: RulePlace): CompiledRule {
  const { group, quirks } = parse(text);
  const scope = new Scope(schema, collection, kind === "filter");
  const condition = compileGroup(scope, group);
  const { needs, reads } = scope;
  const takesMore = [...needs.keys()].some((need) => !["record", "request", "auth-record"].includes(need));
  const decide: CompiledRule["decide"] = (subject) => {
    if (takesMore || (needs.has("auth-record") && subject.request.auth !== undefined)) return "undecidable";
    return run(scope, condition, subject);
  };
  const superusersOnly = kind === "filter" && (text.includes("@request.") || text.includes("@collection."));
  return { needs, reads, superusersOnly, quirks, decide };
}

function run(scope: Scope, condition: Condition, subject: Subject): ReturnType<CompiledRule["decide"]> {
  try {
    const { record, request, nowMs } = subject;
    const row = { record, request, nowMs, elements: [] };
    return scope.nodes.length === 0 ? condition(row) === true : someRow(scope, condition, row);
  } catch (error) {
    if (error instanceof EvaluationError) return "failed";
    if (error instanceof MissingDataError) return "undecidable";
    throw error;
  }
}

/** Whether some row passes: one element of every multiple operand. */
function someRow({ nodes }: Scope, condition: Condition, row: Row): boolean {
  const choices = nodes.map(({ values }) => values(row));
  const rows = choices.reduce((product, values) => product * values.length, 1);
  if (rows > maxRows) throw new EvaluationError(`expected at most ${maxRows} rows, got ${rows}`);
  for (let index = 0; index < rows; index++) {
    choose(row.elements, choices, index);
    if (condition(row) === true) return true;
  }
  return false;
}

function choose(elements: SqlValue[], choices: readonly (readonly SqlValue[])[], index: number): void {
  let left = index;
  for (const [node, values] of choices.entries()) {
    elements[node] = values[left % values.length] ?? null;
    left = Math.floor(left / values.length);
  }
}

/** `&&` binds tighter than `||`; three-valued: false beats unknown in `&&`, true in `||`. */
function compileGroup(scope: Scope, { items }: Group): Condition {
  const alternatives: Condition[][] = [];
  for (const [index, { join, term }] of items.entries()) {
    const condition = term.kind === "group" ? compileGroup(scope, term) : compileTerm(scope, term);
    if (index === 0 || join === "||") alternatives.push([condition]);
    else alternatives.at(-1)?.push(condition);
  }
  return combine(
    alternatives.map((conditions) => combine(conditions, false)),
    true,
  );
}

/** Joins conditions; the deciding truth ends the search. */
function combine(conditions: readonly Condition[], deciding: boolean): Condition {
  const [only] = conditions;
  if (conditions.length === 1 && only !== undefined) return only;
  return (row) => {
    let result: Truth = !deciding;
    for (const condition of conditions) {
      const truth = condition(row);
      if (truth === deciding) return deciding;
      if (truth === null) result = null;
    }
    return result;
  };
}

function compileTerm(scope: Scope, comparison: Comparison): Condition {
  const { left, right } = comparison;
  return compileComparison(comparison, compileOperand(scope, left), compileOperand(scope, right));
}

function compileOperand(scope: Scope, operand: Operand): Side {
  switch (operand.kind) {
    case "text":
      return constant(operand.text, { parameter: () => operand.text });
    case "number":
      return constant(operand.value, { isReal: true, parameter: () => plainDecimal(operand.value) });
    case "identifier":
      return compileIdentifier(scope, operand);
    case "call":
      return compileCall(scope, operand, (argument) => compileOperand(scope, argument));
  }
}

const literals: ReadonlyMap<string, SqlValue> = new Map<string, SqlValue>([
  ["null", null],
  ["true", 1],
  ["false", 0],
]);

function compileIdentifier(scope: Scope, place: { readonly name: string; readonly start: number }): Side {
  const macro = macros.get(place.name);
  if (macro !== undefined) {
    scope.readsClock = true;
    return constant(null, {
      get: ({ nowMs }) => macro(nowMs),
      parameter: ({ nowMs }) => String(macro(nowMs)),
    });
  }
  if (place.name.startsWith("@")) return resolveSpecial(scope, place);
  const side = resolveRecordPath(scope, place);
  if (side !== undefined) return side;
  const literal = literals.get(place.name.toLowerCase());
  if (literal === undefined) throw unknown(place);
  return constant(literal);
}
