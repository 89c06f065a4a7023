import { EvaluationError } from "./evaluation-error.ts";
import { type LikePattern, matches, parsePattern } from "./like-match.ts";
import { lowerAscii } from "./sql-value.ts";
import { work } from "./work.ts";

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

/**
 * SQLite's `text LIKE pattern ESCAPE '\'`: `%` any run, `_` one code point, ASCII letters in any case.
 * @throws {EvaluationError} where the pattern is too long, or would take too long on this text
 */
export function matchesLike(text: string, pattern: string): boolean {
  if (pattern.length * 3 > maxPatternBytes && new TextEncoder().encode(pattern).length > maxPatternBytes) {
    throw new EvaluationError(`expected a LIKE pattern of at most ${maxPatternBytes} bytes`);
  }
  work(10);
  const parsed = parsedPattern(pattern);
  return parsed !== undefined && matches(lowered(text), parsed);
}

let lastText = { text: "", lowered: "" };

/** The text of one record is matched with many patterns in a row. */
function lowered(text: string): string {
  if (text !== lastText.text) lastText = { text, lowered: lowerAscii(text) };
  return lastText.lowered;
}

let lastPattern = { pattern: "", parsed: parsePattern("") };

/** The texts of many records, or of many values, are matched with one pattern. */
function parsedPattern(pattern: string): LikePattern | undefined {
  if (pattern !== lastPattern.pattern) {
    work(pattern.length * 5);
    lastPattern = { pattern, parsed: parsePattern(lowerAscii(pattern)) };
  }
  return lastPattern.parsed;
}
