import { junctionTerm, type Term } from "./term.ts";

/** Terms all of which must be true. */
export type Alternative = readonly Term[];

/** More alternatives are left as they are written. */
const maxAlternatives = 64;

/** Most terms of all alternatives together. */
const maxTerms = 400;

/**
 * The alternatives of a term: it is true for some joined row exactly if one of them is. Each joins no more than what it
 * names itself.
 */
export function alternativesOf(term: Term): readonly Alternative[] {
  if (term.kind === "comparison" || term.nodes.length === 0) return [[term]];
  if (term.kind === "||") {
    const joining = term.terms.filter((part) => part.nodes.length > 0);
    const plain = term.terms.filter((part) => part.nodes.length === 0);
    const found = joining.flatMap(alternativesOf);
    // what joins nothing is one alternative, and the quickest
    if (plain.length > 0) found.unshift([junctionTerm("||", plain)]);
    return isTooMuch(found) ? [[term]] : found;
  }
  return term.terms.reduce<readonly Alternative[]>(
    (found, part) => {
      const more = alternativesOf(part);
      const product = found.flatMap((one) => more.map((other) => one.concat(other)));
      return isTooMuch(product) && more.length > 1 ? found.map((one) => one.concat(part)) : product;
    },
    [[]],
  );
}

function isTooMuch(alternatives: readonly Alternative[]): boolean {
  const terms = alternatives.reduce((count, { length }) => count + length, 0);
  return alternatives.length > maxAlternatives || terms > maxTerms;
}
