import { EvaluationError } from "./evaluation-error.ts";
import { lowerAscii } from "./sql-value.ts";

/** Longest pattern in UTF-8 bytes; SQLite refuses a longer one. */
const maxPatternBytes = 50_000;

/**
 * Makes the pattern of `~` from a text that is bound as a parameter: without an unescaped `%` it means "contains", its
 * own wildcards escaped; with one it is a pattern as it stands.
 * @see PocketBase tools/search/filter.go wrapLikeParams
 */
export function containsPattern(text: string): string {
  return hasUnescapedPercent(text) ? text : `%${escapeWildcards(text)}%`;
}

function hasUnescapedPercent(text: string): boolean {
  let isEscaped = false;
  for (const char of text) {
    if (char === "%" && !isEscaped) return true;
    isEscaped = char === "\\" && !isEscaped;
  }
  return false;
}

/**
 * Escapes wildcards and backslashes as PocketBase does, in pairs from the right: what stands before one that was escaped
 * is not looked at, so that of two `_` side by side the first stays a wildcard.
 */
function escapeWildcards(text: string): string {
  return text.replace(/[\\%_]+/g, (run) => {
    const single = run.length % 2 === 0 ? "" : `\\${run.charAt(0)}`;
    const pairs = run.slice(run.length % 2).match(/../g) ?? [];
    return single + pairs.map((pair) => pair.replace(/^([%_])/, "$1\\")).join("");
  });
}

/** Most places that one match looks at: a text of a megabyte takes one or two, a hostile pattern on it billions. */
const maxSteps = 4_000_000;

/**
 * SQLite's `text LIKE pattern ESCAPE '\'`: `%` any run, `_` one code point, ASCII letters in any case.
 * @throws {EvaluationError} where the pattern is too long, or would take too long on this text
 */
export function matchesLike(text: string, pattern: string): boolean {
  if (pattern.length * 3 > maxPatternBytes && new TextEncoder().encode(pattern).length > maxPatternBytes) {
    throw new EvaluationError(`expected a LIKE pattern of at most ${maxPatternBytes} bytes`);
  }
  const parts = splitPattern(lowerAscii(pattern));
  return parts !== undefined && new LikeMatch(lowered(text)).matches(parts);
}

let last = { text: "", lowered: "" };

/** The text of one record is matched with many patterns in a row. */
function lowered(text: string): string {
  if (text !== last.text) last = { text, lowered: lowerAscii(text) };
  return last.lowered;
}

/** What stands between the `%` of a pattern, by code points; null is `_`. */
type Part = readonly (string | null)[];

/** Nothing for a pattern that ends in its escape: it matches no text. */
function splitPattern(pattern: string): readonly Part[] | undefined {
  const parts: (string | null)[][] = [[]];
  let isEscaped = false;
  for (const char of pattern) {
    if (isEscaped) parts.at(-1)?.push(char);
    else if (char === "%") parts.push([]);
    else if (char === "_") parts.at(-1)?.push(null);
    else if (char !== "\\") parts.at(-1)?.push(char);
    isEscaped = !isEscaped && char === "\\";
  }
  return isEscaped ? undefined : parts;
}

/** One text, and how much was looked at. Positions are UTF-16 units. */
class LikeMatch {
  readonly #text: string;
  #steps = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first part is held at the beginning, the last at the end, those between are found from the left. */
  matches(parts: readonly Part[]): boolean {
    const [first = []] = parts;
    const begin = this.#forward(first, 0);
    if (parts.length === 1) return begin === this.#text.length;
    const end = this.#backward(parts.at(-1) ?? [], this.#text.length);
    let at = begin;
    for (const part of parts.slice(1, -1)) {
      if (at < 0 || at > end) return false;
      at = this.#find(part, at);
    }
    return at >= 0 && at <= end;
  }

  /** Where the leftmost match of a part ends, or -1. */
  #find(part: Part, from: number): number {
    if (!part.includes(null)) {
      const literal = part.join("");
      const start = this.#text.indexOf(literal, from);
      return start < 0 ? -1 : start + literal.length;
    }
    for (let start = from; start <= this.#text.length; start += this.#width(start)) {
      const end = this.#forward(part, start);
      if (end >= 0) return end;
    }
    return -1;
  }

  #forward(part: Part, start: number): number {
    let at = start;
    for (const wanted of part) {
      this.#count();
      if (at >= this.#text.length) return -1;
      if (wanted !== null && !this.#text.startsWith(wanted, at)) return -1;
      at += wanted === null ? this.#width(at) : wanted.length;
    }
    return at;
  }

  /** Where a part begins that ends at a place, or -1. */
  #backward(part: Part, end: number): number {
    let at = end;
    for (const wanted of part.toReversed()) {
      this.#count();
      if (at <= 0) return -1;
      at -= wanted?.length ?? this.#width(at - 2 >= 0 && this.#width(at - 2) === 2 ? at - 2 : at - 1);
      if (wanted !== null && !this.#text.startsWith(wanted, at)) return -1;
    }
    return at;
  }

  /** The units of the code point at a place. */
  #width(at: number): number {
    return (this.#text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }

  #count(): void {
    this.#steps += 1;
    if (this.#steps > maxSteps)
      throw new EvaluationError("expected a LIKE pattern that is quick on this text");
  }
}
