import { indexOfText } from "./text-search.ts";
import { work } from "./work.ts";

/** In place of a code point: any one. */
const any = -1;

/** What stands between the `%` of a pattern. */
interface Part {
  readonly codePoints: readonly number[];
  /** The text that it is, without `_`. */
  readonly literal: string | undefined;
}

/** A LIKE pattern, taken apart. */
export interface LikePattern {
  /** Held at the beginning. */
  readonly first: Part;
  /** Found from the left; none is empty. */
  readonly between: readonly Part[];
  /** Held at the end; nothing where there is no `%`. */
  readonly last: Part | undefined;
}

/** Takes a LIKE pattern apart; nothing for one that ends in its escape, which matches no text. */
export function parsePattern(pattern: string): LikePattern | undefined {
  const parts: number[][] = [];
  let part: number[] = [];
  let isEscaped = false;
  for (const char of pattern) {
    if (!isEscaped && char === "%") {
      parts.push(part);
      part = [];
    } else if (isEscaped || char !== "\\") {
      part.push(!isEscaped && char === "_" ? any : (char.codePointAt(0) ?? any));
    }
    isEscaped = !isEscaped && char === "\\";
  }
  if (isEscaped) return undefined;
  const [first = part, ...between] = parts;
  return {
    first: toPart(first),
    between: between.filter(({ length }) => length > 0).map(toPart),
    last: parts.length === 0 ? undefined : toPart(part),
  };
}

function toPart(codePoints: readonly number[]): Part {
  const hasAny = codePoints.includes(any);
  return {
    codePoints,
    literal: hasAny ? undefined : codePoints.map((code) => String.fromCodePoint(code)).join(""),
  };
}

/**
 * Whether a text matches a pattern, letter by letter as they stand.
 * @throws {EvaluationError} where it would take too long
 */
export function matches(text: string, pattern: LikePattern): boolean {
  return new Match(text).of(pattern);
}

/** One text. Positions are UTF-16 units. */
class Match {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  of({ first, between, last }: LikePattern): boolean {
    let at = this.#forward(first, 0);
    if (last === undefined) return at === this.#text.length;
    const end = this.#backward(last, this.#text.length);
    for (const part of between) {
      if (at < 0 || at > end) return false;
      at = this.#find(part, at);
    }
    return at >= 0 && at <= end;
  }

  /** Where the leftmost match of a part ends, or -1. */
  #find(part: Part, from: number): number {
    const { literal } = part;
    if (literal !== undefined) {
      const start = indexOfText(this.#text, literal, from);
      return start < 0 ? -1 : start + literal.length;
    }
    for (let start = from; start <= this.#text.length; start += this.#width(start)) {
      const end = this.#forward(part, start);
      if (end >= 0) return end;
    }
    return -1;
  }

  /** Where a part ends that begins at a place, or -1. */
  #forward({ codePoints }: Part, start: number): number {
    let at = start;
    let index = 0;
    for (; index < codePoints.length; index++) {
      const code = this.#text.codePointAt(at);
      if (code === undefined || (codePoints[index] !== any && codePoints[index] !== code)) break;
      at += code > 0xffff ? 2 : 1;
    }
    work(index + 1);
    return index === codePoints.length ? at : -1;
  }

  /** Where a part begins that ends at a place, or -1. */
  #backward({ codePoints }: Part, end: number): number {
    let at = end;
    let left = codePoints.length;
    for (; left > 0; left--) {
      const before = at - (at >= 2 && this.#width(at - 2) === 2 ? 2 : 1);
      const wanted = codePoints[left - 1];
      if (before < 0 || (wanted !== any && wanted !== this.#text.codePointAt(before))) break;
      at = before;
    }
    work(codePoints.length - left + 1);
    return left === 0 ? at : -1;
  }

  /** The units of the code point at a place. */
  #width(at: number): number {
    return (this.#text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
}
