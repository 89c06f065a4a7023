import { expect, test } from "vitest";
import { SeededChoice } from "../../../test/harness/seeded-choice.ts";
import { sqliteOracle } from "../../../test/vectors/sqlite-oracle.ts";
import { EvaluationError } from "./evaluation-error.ts";
import { containsPattern, matchesLike } from "./like.ts";
import { beginWork } from "./work.ts";

test.each([
  ["abc", "abc", true],
  ["ABC", "abC", true],
  ["É", "é", false],
  ["abcd", "abc", false],
  ["", "", true],
  ["", "%", true],
  ["", "_", false],
  ["abc", "a%", true],
  ["abc", "%c", true],
  ["abc", "a%c", true],
  ["ac", "a%c", true],
  ["a", "a%a", false],
  ["aba", "a%a", true],
  ["abab", "%ab", true],
  ["xaybz", "%a_b%", true],
  ["xabz", "%a_b%", false],
  ["a\nb", "a%b", true],
  ["\u{1f600}", "_", true],
  ["\u{1f600}", "__", false],
  ["a\u{1f600}b", "a_b", true],
  ["x\u{1f600}", "%_", true],
  ["\u{1f600}x", "_%x", true],
  ["50%", String.raw`50\%`, true],
  ["500", String.raw`50\%`, false],
  ["a_b", String.raw`a\_b`, true],
  ["axb", String.raw`a\_b`, false],
  [String.raw`a\b`, String.raw`a\\b`, true],
  ["a\\", "a\\", false],
  ["abac", "%aba%bac", false],
  ["abababac", "%aba%bac", true],
])("%j like %j is %s", (text, pattern, matches) => {
  expect(matchesLike(text, pattern)).toBe(matches);
});

test.each([
  ["a", "%a%"],
  ["", "%%"],
  ["a%", "a%"],
  ["a_b", String.raw`%a\_b%`],
  [String.raw`50\%`, String.raw`%50\%%`],
  [String.raw`a\b`, String.raw`%a\\b%`],
  [String.raw`a\_b`, String.raw`%a\_b%`],
  [String.raw`\\%`, String.raw`\\%`],
  // escaped in pairs from the right
  ["__", String.raw`%_\_%`],
  ["___", String.raw`%\__\_%`],
  ["a_\\", String.raw`%a_\\%`],
  [String.raw`\%_`, String.raw`%\\%\_%`],
  [String.raw`_\%`, String.raw`%\_\%%`],
  ["_a_", String.raw`%\_a\_%`],
])("%j as a parameter is the pattern %j", (text, pattern) => {
  expect(containsPattern(text)).toBe(pattern);
});

test("any text and pattern match where SQLite says so", () => {
  const choice = new SeededChoice(5);
  const isLike = sqliteOracle(String.raw`? LIKE ? ESCAPE '\'`);
  const cases = Array.from({ length: 20_000 }, () => {
    const text = choice.text(["a", "A", "b", "é", "É", "\u{1f600}", "\n", "%", "_", "\\", "k", "\u212a"], 7);
    const pattern = choice.text(["%", "%", "_", "\\", "a", "A", "b", "é", "\u{1f600}", "\n", "k"], 6);
    return { text, pattern, expected: isLike(text, pattern) === 1 };
  });
  expect(
    cases.filter(({ text, pattern, expected }) => {
      beginWork();
      return matchesLike(text, pattern) !== expected;
    }),
  ).toEqual([]);
  expect(cases.filter(({ expected }) => expected).length).toBeGreaterThan(1_000);
});

test("a pattern of over 50,000 bytes fails", () => {
  expect(matchesLike("a", "é".repeat(25_000))).toBe(false);
  expect(() => matchesLike("a", "é".repeat(25_001))).toThrow(EvaluationError);
});

test("a pattern that would take for ever on a long text fails", () => {
  const text = "a".repeat(1_000_000);
  expect(() => matchesLike(text, `%${"_".repeat(1_000)}${"a".repeat(900)}b%`)).toThrow(EvaluationError);
  beginWork();
  expect(matchesLike(text, `%${"a".repeat(2_000)}b%`)).toBe(false);
  expect(matchesLike(`${text}b_c`, String.raw`%b\_c`)).toBe(true);
});
