import { describe, expect, test } from "vitest";
import { SeededChoice } from "../../../test/harness/seeded-choice.ts";
import { sqliteOracle } from "../../../test/vectors/sqlite-oracle.ts";
import { compileRule } from "./index.ts";
import { macros } from "./macros.ts";
import { RuleError } from "./rule-error.ts";

function read(name: string, now: string): unknown {
  return macros.get(name)?.(Date.parse(now));
}

describe("a date macro is text in UTC", () => {
  test.each([
    ["@now", "2024-05-17T13:45:06.789Z", "2024-05-17 13:45:06.789Z"],
    ["@now", "2024-05-17T13:45:06Z", "2024-05-17 13:45:06.000Z"],
    ["@now", "2024-05-17T23:30:00-02:00", "2024-05-18 01:30:00.000Z"],
    ["@yesterday", "2024-03-01T00:00:00Z", "2024-02-29 00:00:00.000Z"],
    ["@yesterday", "2023-03-01T12:34:56.789Z", "2023-02-28 12:34:56.789Z"],
    ["@tomorrow", "2024-02-28T12:34:56.789Z", "2024-02-29 12:34:56.789Z"],
    ["@tomorrow", "2024-12-31T23:59:59.999Z", "2025-01-01 23:59:59.999Z"],
    ["@todayStart", "2024-05-17T00:00:00.000Z", "2024-05-17 00:00:00.000Z"],
    ["@todayStart", "2024-05-17T23:59:59.999Z", "2024-05-17 00:00:00.000Z"],
    ["@todayEnd", "2024-05-17T00:00:00.000Z", "2024-05-17 23:59:59.999Z"],
    ["@todayEnd", "2024-05-17T23:59:59.999Z", "2024-05-17 23:59:59.999Z"],
    ["@todayStart", "1969-12-31T23:59:59.999Z", "1969-12-31 00:00:00.000Z"],
    ["@monthStart", "2024-02-29T23:59:59.999Z", "2024-02-01 00:00:00.000Z"],
    ["@monthEnd", "2024-02-01T00:00:00.000Z", "2024-02-29 23:59:59.999Z"],
    ["@monthEnd", "2023-02-01T00:00:00.000Z", "2023-02-28 23:59:59.999Z"],
    ["@monthEnd", "2100-02-10T00:00:00.000Z", "2100-02-28 23:59:59.999Z"],
    ["@monthEnd", "2024-04-30T23:59:59.999Z", "2024-04-30 23:59:59.999Z"],
    ["@monthEnd", "2024-12-31T00:00:00.000Z", "2024-12-31 23:59:59.999Z"],
    ["@yearStart", "2024-12-31T23:59:59.999Z", "2024-01-01 00:00:00.000Z"],
    ["@yearEnd", "2024-01-01T00:00:00.000Z", "2024-12-31 23:59:59.999Z"],
    ["@yearEnd", "2023-12-31T23:59:59.999Z", "2023-12-31 23:59:59.999Z"],
  ])("%s at %s is %s", (name, now, text) => {
    expect(read(name, now)).toBe(text);
  });
});

describe("an integer macro counts in UTC", () => {
  test.each([
    ["@second", "2024-05-17T13:45:06.999Z", 6],
    ["@minute", "2024-05-17T13:45:06Z", 45],
    ["@hour", "2024-05-17T23:30:00-02:00", 1],
    ["@day", "2024-05-31T23:30:00-02:00", 1],
    ["@day", "2024-02-29T12:00:00Z", 29],
    ["@weekday", "2024-05-18T12:00:00Z", 6],
    ["@weekday", "2024-05-19T12:00:00Z", 0],
    ["@month", "2024-01-01T00:00:00Z", 1],
    ["@month", "2024-12-31T23:59:59.999Z", 12],
    ["@year", "2024-12-31T23:59:59.999Z", 2024],
    ["@year", "2024-12-31T23:30:00-02:00", 2025],
  ])("%s at %s is %d", (name, now, value) => {
    expect(read(name, now)).toBe(value);
  });
});

test.each([
  ["@todayStart", "'%F 00:00:00.000Z', ?"],
  ["@todayEnd", "'%F 23:59:59.999Z', ?"],
  ["@yesterday", "'%F %H:%M:%fZ', ?, '-1 day'"],
  ["@tomorrow", "'%F %H:%M:%fZ', ?, '+1 day'"],
  ["@monthStart", "'%Y-%m-01 00:00:00.000Z', ?"],
  ["@monthEnd", "'%F 23:59:59.999Z', ?, 'start of month', '+1 month', '-1 day'"],
  ["@yearStart", "'%Y-01-01 00:00:00.000Z', ?"],
  ["@yearEnd", "'%Y-12-31 23:59:59.999Z', ?"],
  ["@weekday", "'%w', ?"],
  ["@day", "'%e', ?"],
])("%s is strftime(%s) at any time", (name, call) => {
  const choice = new SeededChoice(9);
  const expected = sqliteOracle(`trim(strftime(${call}))`);
  const times = Array.from({ length: 500 }, () => new Date(choice.integer(4e12)).toISOString());
  const wrong = times.filter((time) => String(read(name, time)) !== expected(time));
  expect(wrong).toEqual([]);
});

describe("in a rule", () => {
  const collection = { id: "posts_id", name: "posts", type: "base", listRule: "", fields: [] } as const;
  const schema = { find: () => undefined };

  function decide(text: string, nowMs: number): unknown {
    const rule = compileRule(text, { schema, collection, kind: "rule" });
    return rule.decide({ record: {}, request: { query: {}, headers: {} }, nowMs });
  }

  test("all macros read one clock, that of the subject", () => {
    const nowMs = Date.parse("2024-05-17T13:45:06.789Z");
    expect(decide("@now = '2024-05-17 13:45:06.789Z' && @hour = 13", nowMs)).toBe(true);
    expect(decide("@now = '2024-05-17 13:45:06.789Z'", nowMs + 1)).toBe(false);
    expect(decide("@todayStart < @now && @now < @todayEnd && @monthEnd > @now", nowMs)).toBe(true);
  });

  test.each(["@Now = 1", "@now:lower = 1", "@week = 1", "@now.x = 1"])("%s is refused", (text) => {
    expect(() => decide(text, 0)).toThrow(RuleError);
  });
});
