import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EvaluationError } from "./evaluation-error.ts";
import { matches, parsePattern } from "./like-match.ts";
import { indexOfText } from "./text-search.ts";
import { beginWork } from "./work.ts";

function like(text: string, pattern: string): boolean {
  beginWork();
  const parsed = parsePattern(pattern);
  return parsed !== undefined && matches(text, parsed);
}

/** The same as a regular expression, which is slow on hostile texts. */
function likeRegExp(text: string, pattern: string): boolean {
  const tokens: readonly string[] = pattern.match(/\\.|./gsu) ?? [];
  if (tokens.includes("\\")) return false;
  const source = tokens.map((token) => {
    if (token === "%") return ".*";
    return token === "_"
      ? "."
      : `\\u{${token.codePointAt(token.length > 1 && token.startsWith("\\") ? 1 : 0)?.toString(16)}}`;
  });
  return new RegExp(`^${source.join("")}$`, "su").test(text);
}

const chars = (alphabet: string, maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...Array.from(alphabet)), { maxLength }).map((all) => all.join(""));

test("a pattern matches what the regular expression for it matches", () => {
  fc.assert(
    fc.property(chars("aab\n\u{1f600}é", 12), chars("aab%%_\\\u{1f600}", 8), (text, pattern) => {
      expect(like(text, pattern)).toBe(likeRegExp(text, pattern));
    }),
    { numRuns: 10_000 },
  );
});

test("a long text is found where it begins first", () => {
  fc.assert(
    fc.property(chars("ab", 6), chars("ab", 6), fc.nat(40), (one, other, from) => {
      const wanted = one.repeat(40) + other.repeat(40) + one.repeat(40);
      const text = `${one.repeat(50)}${wanted.slice(1)}${other}${wanted}${one}${wanted}`;
      beginWork();
      expect(indexOfText(text, wanted, from)).toBe(text.indexOf(wanted, from));
    }),
    { numRuns: 2_000 },
  );
});

test("a pattern of many beginnings is given up on a long text", () => {
  expect(() => like("a".repeat(1_000_000), `%a${"_".repeat(1_000)}b%`)).toThrow(EvaluationError);
  expect(like("a".repeat(300_000), "%a_b%")).toBe(false);
});
