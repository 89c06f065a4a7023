import { expect, test } from "vitest";
import { keyMark } from "./key-mark.ts";

test.each([
  ["a", "af63dc4c8601ec8c"],
  ["foobar", "85944171f73967e8"],
])("the mark of %j is its FNV-1a hash", (key, mark) => {
  expect(keyMark(key)).toBe(mark);
});

test.each([[undefined], [null], [""], [5], [["a"]]])("%j is no token key", (value) => {
  expect(keyMark(value)).toBe("");
});
