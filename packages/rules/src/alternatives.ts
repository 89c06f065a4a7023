import { nodesOf, type Term } from "./term.ts";

/** Terms all of which must be true. */
export type Alternative = readonly Term[];

/** More alternatives are left as they are written. */
const maxAlternatives = 64;

/**
 * The alternatives of a term: it is true for some joined row exactly if one of them is. Each joins no more than what it
 * names itself.
 */
export function alternativesOf(term: Term): readonly Alternative[] {
  if (term.kind === "comparison" || nodesOf(term).length === 0) return [[term]];
  if (term.kind === "||") {
    const found = term.terms.flatMap(alternativesOf);
    return found.length > maxAlternatives ? [[term]] : found;
  }
  return term.terms.reduce<readonly Alternative[]>(
    (found, part) => {
      const more = alternativesOf(part);
      if (found.length * more.length > maxAlternatives) return found.map((one) => one.concat(part));
      return found.flatMap((one) => more.map((other) => one.concat(other)));
    },
    [[]],
  );
}
