import { expect, test } from "vitest";
import { compareEntries, encodeCursor, hasHad, parseCursor } from "./cursor.ts";

test.each([
  ["1700000000000-0", { entry: "1700000000000-0" }],
  ["0-1", { entry: "0-1" }],
  ["5-7.1abc", { entry: "5-7", place: "1abc" }],
  ["18446744073709551615-18446744073709551615", { entry: "18446744073709551615-18446744073709551615" }],
])("%s is a cursor", (text, cursor) => {
  expect(parseCursor(text)).toEqual(cursor);
  expect(encodeCursor(cursor)).toBe(text);
});

test.each([
  "",
  "5",
  "5-",
  "-5",
  "05-1",
  "5-01",
  "5-1.",
  "5-1.A",
  "5-1 ",
  "$",
  "-",
  "+",
  "18446744073709551616-0",
  "0-18446744073709551616",
  "zu4oMuQrEYvL2UYnVGYPTBs1iSz8QLjnkHXoLM1f",
])("%j is none", (text) => {
  expect(parseCursor(text)).toBeUndefined();
});

test("entries are ordered by value, not by text", () => {
  const ordered = ["0-1", "0-10", "9-0", "10-0", "10-2", "10-18446744073709551615", "1700000000000-0"];
  for (const [at, one] of ordered.entries()) {
    for (const [otherAt, other] of ordered.entries()) {
      expect(Math.sign(compareEntries(one, other))).toBe(Math.sign(at - otherAt));
    }
  }
});

test.each([
  ["5-1", "5-1", true],
  ["5-1", "4-9", true],
  ["5-1", "5-2", false],
  ["5-1", "5-1.a", true],
  ["5-1.b", "5-1.a", true],
  ["5-1.b", "5-1.b", true],
  ["5-1.b", "5-1.c", false],
  ["5-1.b", "5-1", false],
])("who is at %s has had %s: %s", (at, frame, had) => {
  const [cursor, other] = [parseCursor(at), parseCursor(frame)];
  if (cursor === undefined || other === undefined) throw new Error("expected two cursors");
  expect(hasHad(cursor, other)).toBe(had);
});
