import { expect, test } from "vitest";
import { SeededChoice } from "../../../test/harness/seeded-choice.ts";
import { sqliteOracle } from "../../../test/vectors/sqlite-oracle.ts";
import { realToText } from "./real-text.ts";

const castToText = sqliteOracle("CAST(? AS TEXT)");

function wrongTexts(values: readonly number[]): readonly unknown[] {
  return values
    .map((value) => ({ value, text: realToText(value), expected: castToText(value) }))
    .filter(({ text, expected }) => text !== expected);
}

test.each([
  [0, "0.0"],
  [10, "10.0"],
  [-1.5, "-1.5"],
  [0.0001, "0.0001"],
  [0.00001, "1.0e-05"],
  [1e16, "10000000000000000.0"],
  [1e17, "1.0e+17"],
  [49.47, "49.47"],
  [99999999999999.9, "99999999999999.906"],
  [0.1 + 0.2, "0.30000000000000004"],
  [370491114680.38, "370491114680.38001"],
  [9.353267e-10, "9.353267000000001e-10"],
  [2 ** 63, "9.2233720368547758e+18"],
  [Number.MAX_VALUE, "1.7976931348623157e+308"],
  [Number.MIN_VALUE, "4.9406564584124654e-324"],
])("%d is written %s", (value, text) => {
  expect(realToText(value)).toBe(text);
  expect(castToText(value)).toBe(text);
});

test("a number of any digits is written as SQLite writes it", () => {
  const choice = new SeededChoice(1);
  const values = Array.from({ length: 20_000 }, () => {
    const digits = Array.from({ length: 1 + choice.integer(17) }, () => choice.integer(10)).join("");
    return Number(`${choice.of(["", "-"])}${digits}e${choice.integer(22) - 20}`);
  });
  // SQLite's own last digit is not exact below
  expect(wrongTexts(values.filter((value) => Math.abs(value) > 1e-12))).toEqual([]);
});

test("a number that arithmetic made is written as SQLite writes it", () => {
  const choice = new SeededChoice(2);
  const values = Array.from({ length: 10_000 }, () => choice.integer(1e9) / 100 + choice.integer(1e9) / 1e7);
  expect(wrongTexts(values)).toEqual([]);
});

test("powers of two and of ten, and their neighbours, are written as SQLite writes them", () => {
  const twos = Array.from({ length: 120 }, (_, index) => 2 ** (index - 60));
  const tens = Array.from({ length: 34 }, (_, index) => Number(`1e${index - 14}`));
  const values = [...twos, ...tens].flatMap((value) => [
    value,
    value * (1 + Number.EPSILON),
    -value * (1 - Number.EPSILON),
  ]);
  expect(wrongTexts(values)).toEqual([]);
});
