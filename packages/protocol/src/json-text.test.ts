import { expect, test } from "vitest";
import { encodeJson, encodeSortedJson } from "./json-text.ts";

test.each<[what: string, value: unknown, text: string]>([
  ["angle brackets and ampersands", "<a> & </a>", '"\\u003ca\\u003e \\u0026 \\u003c/a\\u003e"'],
  ["line and paragraph separators", "\u2028\u2029", '"\\u2028\\u2029"'],
  ["keys too", { "<&>": 1 }, '{"\\u003c\\u0026\\u003e":1}'],
  ["values deep inside", { a: [{ b: "Tom & Co" }] }, '{"a":[{"b":"Tom \\u0026 Co"}]}'],
  ["a backslash before them", "\\<", '"\\\\\\u003c"'],
])("%s are escaped as Go does", (_, value, text) => {
  expect(encodeJson(value)).toBe(text);
  expect(JSON.parse(encodeJson(value))).toEqual(value);
});

test.each<[value: unknown, text: string]>([
  ["/'é😀\u007f", '"/\'é😀\u007f"'],
  ["\n\r\t\b\f\0", '"\\n\\r\\t\\b\\f\\u0000"'],
  [1e21, "1e+21"],
  [1e-7, "1e-7"],
  [1.5, "1.5"],
  [null, "null"],
  [{ b: 1, a: [true, ""] }, '{"b":1,"a":[true,""]}'],
])("%j is written as %j", (value, text) => {
  expect(encodeJson(value)).toBe(text);
});

test.each<[value: unknown, text: string]>([
  [{ b: 1, a: { d: [{ f: 1, e: "<" }], c: null } }, '{"a":{"c":null,"d":[{"e":"\\u003c","f":1}]},"b":1}'],
  [{ b: 1, 2: 1, 10: 1, _: 1, A: 1, é: 1 }, '{"10":1,"2":1,"A":1,"_":1,"b":1,"é":1}'],
  [{ "\u{1f600}": 1, "\uff5e": 2, a: 3, ab: 4 }, '{"a":3,"ab":4,"\uff5e":2,"\u{1f600}":1}'],
  [[1, "a"], '[1,"a"]'],
  ["&", '"\\u0026"'],
])("%j is written as %s with its keys sorted", (value, text) => {
  expect(encodeSortedJson(value)).toBe(text);
});
