import { describe, expect, test } from "vitest";
import { SeededChoice } from "../../../test/harness/seeded-choice.ts";
import { sqliteOracle } from "../../../test/vectors/sqlite-oracle.ts";
import {
  compareValues,
  lowerAscii,
  numberToText,
  plainDecimal,
  toNumeric,
  toText,
  truthOf,
} from "./sql-value.ts";

const castToText = sqliteOracle("CAST(? AS TEXT)");
const isNumberText = sqliteOracle("CAST(9e999 AS NUMERIC) >= ?");
const equalsNumeric = sqliteOracle("CAST(?1 AS NUMERIC) = ?2");
const truth = sqliteOracle("CASE WHEN ? THEN 1 ELSE 0 END");
const order = sqliteOracle("CASE WHEN ?1 < ?2 THEN -1 WHEN ?1 = ?2 THEN 0 ELSE 1 END");
const lower = sqliteOracle("lower(?)");

const numberPieces = [
  "0",
  "1",
  "9",
  "5",
  "+",
  "-",
  ".",
  "e",
  "E",
  " ",
  "\t",
  "\n",
  "\v",
  "\f",
  "\r",
] as const;

function numberTexts(seed: number): readonly string[] {
  const choice = new SeededChoice(seed);
  return Array.from({ length: 20_000 }, () => choice.text([...numberPieces, "x", "\u00a0", "_"], 7));
}

describe("a number as text", () => {
  test.each([
    [10, false, "10"],
    [10, true, "10.0"],
    [1.5, false, "1.5"],
    [-0, false, "0"],
    [2 ** 53, false, "9007199254740992"],
    [-(2 ** 62), false, "-4611686018427387904"],
    [2 ** 63, false, "9.2233720368547758e+18"],
    [1e21, false, "1.0e+21"],
  ])("%d, which is REAL: %s, is %s", (value, isReal, text) => {
    expect(numberToText(value, isReal)).toBe(text);
    expect(toText(value, isReal)).toBe(text);
  });

  test("is what SQLite casts it to, for an INTEGER", () => {
    const choice = new SeededChoice(1);
    const values = Array.from({ length: 5_000 }, () => {
      return choice.of([1, -1]) * Number(choice.text(["0", "1", "4", "7", "9"], 14));
    });
    const wrong = values.filter((value) => numberToText(value, false) !== castToText(BigInt(value)));
    expect(wrong).toEqual([]);
  });

  test("is left alone where it is a text or NULL", () => {
    expect([toText("1.50", true), toText(null, true)]).toEqual(["1.50", null]);
  });
});

test.each([
  [10, "10"],
  [-1.5, "-1.5"],
  [0, "0"],
  [1e21, "1000000000000000000000"],
  [-1.25e22, "-12500000000000000000000"],
  [1e-7, "0.0000001"],
  [-1.25e-7, "-0.000000125"],
  [Number.MIN_VALUE, `0.${"0".repeat(323)}5`],
])("%d is a parameter of ~ as %s", (value, text) => {
  expect(plainDecimal(value)).toBe(text);
  expect(Number(plainDecimal(value))).toBe(value);
});

describe("a text beside a number column", () => {
  test.each([
    ["10", 10],
    [" 1.50 ", 1.5],
    ["+.5", 0.5],
    ["5.", 5],
    ["-1e2", -100],
    ["1E-1", 0.1],
    ["", ""],
    [" ", " "],
    [".", "."],
    ["1e", "1e"],
    ["0x10", "0x10"],
    ["1_000", "1_000"],
    ["1 2", "1 2"],
    ["\u00a01", "\u00a01"],
    ["Infinity", "Infinity"],
    [7, 7],
    [null, null],
  ])("%j is %j", (value, converted) => {
    expect(toNumeric(value)).toBe(converted);
  });

  test("is a number where SQLite makes it one, and the same number", () => {
    const wrong = numberTexts(2).filter((text) => {
      const value = toNumeric(text);
      return typeof value === "number" ? equalsNumeric(value, text) !== 1 : isNumberText(text) !== 0;
    });
    expect(wrong).toEqual([]);
    expect(numberTexts(2).filter((text) => isNumberText(text) === 1).length).toBeGreaterThan(2_000);
  });
});

test("a long text that only begins as a number takes no longer than it is long", () => {
  const digits = `${"1".repeat(200_000)}x`;
  expect(toNumeric(digits)).toBe(digits);
  expect(truthOf(digits)).toBe(true);
});

describe("the truth of a value", () => {
  test.each([
    [null, null],
    [0, false],
    [-0, false],
    [0.1, true],
    [-1, true],
    ["", false],
    ["abc", false],
    ["0abc", false],
    ["1abc", true],
    [" -.5x", true],
    ["0e5", false],
    ["1e", true],
  ])("%j is %j", (value, expected) => {
    expect(truthOf(value)).toBe(expected);
  });

  test("is the one that SQLite sees", () => {
    const wrong = numberTexts(3).filter((text) => truthOf(text) !== (truth(text) === 1));
    expect(wrong).toEqual([]);
  });
});

describe("the order of two values", () => {
  test("is that of UTF-8 bytes for texts, and any number is before any text", () => {
    const pieces = ["a", "b", "B", "é", "\u{1f600}", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"];
    const choice = new SeededChoice(4);
    const value = (): string | number =>
      choice.chance(0.1) ? choice.integer(3) - 1 : choice.text(pieces, 4);
    const pairs = Array.from({ length: 20_000 }, () => [value(), value()] as const);
    const wrong = pairs.filter(
      ([left, right]) => Math.sign(compareValues(left, right)) !== order(left, right),
    );
    expect(wrong).toEqual([]);
  });
});

test("only ASCII letters are lowered, as SQLite lowers them", () => {
  const text = "AZaz@[É\u0130\u212aΣ 09";
  expect(lowerAscii(text)).toBe("azaz@[É\u0130\u212aΣ 09");
  expect(lower(text)).toBe(lowerAscii(text));
});
