import { workOnText } from "./work.ts";

/** Up to here V8 looks at each unit a few times at most; beyond, a hostile text takes it the product of both lengths. */
const maxNativeLength = 200;

/**
 * Finds a text in another, from a place on, in linear time; -1 where it is not there.
 * @throws {EvaluationError} where it would take too long
 */
export function indexOfText(text: string, wanted: string, from: number): number {
  if (wanted.length > Math.max(0, text.length - from)) return -1;
  const isLong = wanted.length > maxNativeLength;
  workOnText(text.length - from, isLong ? 1_500 : 400);
  return isLong ? search(text, wanted, from) : text.indexOf(wanted, from);
}

/** @see Knuth, Morris, Pratt: Fast pattern matching in strings */
function search(text: string, wanted: string, from: number): number {
  const borders = bordersOf(wanted);
  let matched = 0;
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && wanted.charCodeAt(matched) !== unit) matched = borders[matched - 1] ?? 0;
    if (wanted.charCodeAt(matched) === unit) matched += 1;
    if (matched === wanted.length) return at + 1 - matched;
  }
  return -1;
}

/** How long a beginning of the text each of its beginnings ends in, itself left out. */
function bordersOf(text: string): Int32Array {
  const borders = new Int32Array(text.length);
  let matched = 0;
  for (let at = 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && text.charCodeAt(matched) !== unit) matched = borders[matched - 1] ?? 0;
    if (text.charCodeAt(matched) === unit) matched += 1;
    borders[at] = matched;
  }
  return borders;
}
