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

/** Escapes `%`, `_` and backslashes; a backslash before one of them is its escape already. */
function escapeWildcards(text: string): string {
  return text.replace(/\\[\\%_]|[\\%_]/g, (found) => (found.length === 2 ? found : `\\${found}`));
}

/**
 * SQLite's `text LIKE pattern ESCAPE '\'`: `%` any run, `_` one code point, ASCII letters in any case.
 * @throws {EvaluationError} where the pattern is too long
 */
export function matchesLike(text: string, pattern: string): boolean {
  if (pattern.length * 3 > maxPatternBytes && new TextEncoder().encode(pattern).length > maxPatternBytes) {
    throw new EvaluationError(`expected a LIKE pattern of at most ${maxPatternBytes} bytes`);
  }
  const parts = splitPattern(lowerAscii(pattern));
  if (parts === undefined) return false;
  return matchParts(lowerAscii(text), parts);
}

/** What stands between the `%` of a pattern; null is `_`. */
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

/** The first part is held at the beginning, the last at the end, those between are found from the left. */
function matchParts(text: string, parts: readonly Part[]): boolean {
  const first = parts[0] ?? [];
  const last = parts.at(-1) ?? [];
  const literal =
    parts.length === 3 && first.length === 0 && last.length === 0 ? literalOf(parts[1]) : undefined;
  if (literal !== undefined) return text.includes(literal);
  const chars = Array.from(text);
  if (parts.length === 1) return chars.length === first.length && holdsAt(chars, first, 0);
  const end = chars.length - last.length;
  if (end < first.length || !holdsAt(chars, first, 0) || !holdsAt(chars, last, end)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    while (at + part.length <= end && !holdsAt(chars, part, at)) at += 1;
    if (at + part.length > end) return false;
    at += part.length;
  }
  return true;
}

function literalOf(part: Part = []): string | undefined {
  return part.includes(null) ? undefined : part.join("");
}

function holdsAt(chars: readonly string[], part: Part, at: number): boolean {
  return part.every((wanted, index) => wanted === null || wanted === chars[at + index]);
}
