import { describe, expect, test } from "vitest";
import { parse } from "./parser.ts";
import { RuleError } from "./rule-error.ts";

function errorOf(text: string): unknown {
  try {
    parse(text);
    return "parsed";
  } catch (error) {
    return error instanceof RuleError ? [error.code, error.position] : error;
  }
}

describe("an error says where", () => {
  test.each([
    ["", ["syntax", 0]],
    ["  // only a comment", ["syntax", 19]],
    ["a = ", ["syntax", 4]],
    ["a = 1 &&", ["syntax", 8]],
    ["a = 1 b = 2", ["syntax", 6]],
    ["a == 1", ["syntax", 2]],
    ["a = 1 & b = 2", ["syntax", 6]],
    ["a = 'x", ["syntax", 4]],
    ["(a = 1", ["syntax", 0]],
    ["a = 1)", ["syntax", 5]],
    ["(b = ))", ["syntax", 5]],
    ["((b = 1) && (c = ?))", ["syntax", 17]],
    ["a = 1\r\n", ["syntax", 5]],
    ["a = '\0'", ["syntax", 5]],
    ["a / b", ["syntax", 2]],
    ["a = f(1,,2)", ["syntax", 8]],
    ["a = f(g(h(i(1))))", ["syntax", 10]],
    ["a. = 1", ["syntax", 0]],
    ["a = 1.", ["syntax", 4]],
    ["a = 1.2.3", ["syntax", 4]],
    [Array.from({ length: 201 }, () => "a=1").join("&&"), ["limit", 1000]],
    ["(".repeat(300) + "a=1" + ")".repeat(300), ["limit", 201]],
  ])("%j", (text, where) => {
    expect(errorOf(text)).toEqual(where);
  });
});

describe("what hardly anybody means is advised against", () => {
  test.each([
    ["title = (flag = true)", 0, 21],
    ["title (flag = true)", 0, 19],
    ["(a = 1)(b = 2)", 7, 14],
    ["a = 1 || b = 2 (c = 3)", 15, 22],
  ])("%s", (text, start, end) => {
    expect(parse(text).quirks).toEqual([{ start, end, advice: expect.any(String) }]);
  });

  test("and nothing else is", () => {
    expect(parse("(a = 1 && b = 2) || c ?~ 'x' // done").quirks).toEqual([]);
  });
});
