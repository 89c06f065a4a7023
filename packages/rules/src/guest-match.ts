import type { Quirk } from "./parser.ts";
import { emptyRow } from "./row.ts";
import { isOnlyOf, type Side } from "./side.ts";
import { type ComparisonTerm, type Term, verdictOf } from "./term.ts";

/** Finds where guests, who have no id and no fields, pass a rule by matching something empty. */
export function guestMatches(term: Term): readonly Quirk[] {
  return findMatches(term).map(({ syntax: { start, end } }) => ({
    start,
    end,
    advice: `guests pass where the record's side is empty: add @request.auth.id != ""`,
  }));
}

function findMatches(term: Term): readonly ComparisonTerm[] {
  if (term.kind === "comparison") return matchesEmpty(term) ? [term] : [];
  if (term.kind === "&&" && !term.terms.every(mayLetGuestsPass)) return [];
  return term.terms.flatMap(findMatches);
}

function matchesEmpty({ syntax, left, right }: ComparisonTerm): boolean {
  if (syntax.operator !== "=") return false;
  return (isOnlyOf(left, "auth") && mayBeEmpty(right)) || (isOnlyOf(right, "auth") && mayBeEmpty(left));
}

/** Numbers and bools are never empty, and neither is the JSON text of a list. */
function mayBeEmpty({ sources, affinity }: Side): boolean {
  return sources.includes("record") && affinity !== "numeric";
}

/** Whether a term is true for guests on some record. */
function mayLetGuestsPass(term: Term): boolean {
  switch (term.kind) {
    case "&&":
      return term.terms.every(mayLetGuestsPass);
    case "||":
      return term.terms.some(mayLetGuestsPass);
    case "comparison": {
      const isOfRequest = [term.left, term.right].every(({ sources }) =>
        sources.every((source) => source === "auth"),
      );
      return !isOfRequest || verdictOf(term, emptyRow) === true;
    }
  }
}
