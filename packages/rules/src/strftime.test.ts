import { describe, expect, test } from "vitest";
import { SeededChoice } from "../../../test/harness/seeded-choice.ts";
import { sqliteOracle } from "../../../test/vectors/sqlite-oracle.ts";
import type { SqlValue } from "./sql-value.ts";
import { strftime } from "./strftime.ts";
import { beginWork } from "./work.ts";

const oracles = Array.from({ length: 5 }, (_, more) => sqliteOracle(`strftime(?, ?${", ?".repeat(more)})`));

function expected(format: string, time: SqlValue, modifiers: readonly string[]): unknown {
  return oracles[modifiers.length]?.(format, time, ...modifiers);
}

describe("a time", () => {
  test.each<[time: SqlValue, text: string | null]>([
    ["2024-05-17 13:45:06.789Z", "2024-05-17 13:45:06.789"],
    ["2024-05-17T13:45", "2024-05-17 13:45:00.000"],
    ["2024-05-1713:45", "2024-05-17 13:45:00.000"],
    ["2024-05-17", "2024-05-17 00:00:00.000"],
    ["2024-05-17 01:00+02:30", "2024-05-16 22:30:00.000"],
    ["2024-05-17 23:00 -02:00 ", "2024-05-18 01:00:00.000"],
    ["13:45", "2000-01-01 13:45:00.000"],
    ["01:00+02:00", "1999-12-31 23:00:00.000"],
    ["2024-05-17 24:00", "2024-05-17 24:00:00.000"],
    ["2024-02-31", "2024-03-02 00:00:00.000"],
    ["2024-05-17 13:45:59.9996", "2024-05-17 13:45:59.999"],
    ["-0044-03-15", "-044-03-15 00:00:00.000"],
    [2460448.0731, "2024-05-17 13:45:15.840"],
    [2460448.07310001, "2024-05-17 13:45:15.841"],
    [" 2460447.5 ", "2024-05-17 00:00:00.000"],
    [0, "-4713-11-24 12:00:00.000"],
    ["", null],
    [null, null],
    [" 2024-05-17", null],
    ["2024-5-17", null],
    ["2024-05-17t13:45", null],
    ["2024-05-17 13:45:06.", null],
    ["2024-05-17 25:00", null],
    ["2024-05-17 13:60", null],
    ["2024-05-17 13:45:60", null],
    ["2024-05-17 13:45+15:00", null],
    ["2024-13-01", null],
    ["2024-00-01", null],
    ["2024-05-32", null],
    ["2024-05-00", null],
    ["today", null],
    [5373484.5, null],
    [-1, null],
  ])("%j is read as %j", (time, text) => {
    expect(strftime("%Y-%m-%d %H:%M:%f", [time], 0)).toBe(text);
    expect(expected("%Y-%m-%d %H:%M:%f", time, [])).toBe(text);
  });

  test.each(["now", "NOW", "subsec", "subsecond"])("%s is the clock", (time) => {
    expect(strftime("%F %T", [time], 1_715_953_506_789)).toBe("2024-05-17 13:45:06");
  });

  test("that is not there is the clock", () => {
    expect(strftime("%F %T %s", [], 1_715_953_506_789)).toBe("2024-05-17 13:45:06 1715953506");
    expect(strftime("%s", ["subsec"], 1_715_953_506_789)).toBe("1715953506.789");
  });

  test("that is long and wrong takes no longer than it is long", () => {
    expect(strftime("%Y", [`12:00${" ".repeat(200_000)}x`], 0)).toBeNull();
    expect(strftime("%Y", [`2024-05-17${"T".repeat(200_000)}x`], 0)).toBeNull();
  });
});

describe("modifiers", () => {
  test.each<[time: SqlValue, modifiers: readonly string[], text: string | null]>([
    ["2024-01-31", ["+1 month"], "2024-03-02 00:00:00"],
    ["2024-01-31", ["+1 month", "floor"], "2024-02-29 00:00:00"],
    ["2024-01-31", ["+1 month", "ceiling", "floor"], "2024-03-02 00:00:00"],
    ["2024-01-31", ["+1 month", "+1 day", "floor"], "2024-03-03 00:00:00"],
    ["01:00+02:00", ["+2 months"], "2000-03-02 23:00:00"],
    ["2023-02-31", ["floor"], "2023-02-28 00:00:00"],
    ["2024-02-31", ["+1 month"], "2024-03-31 00:00:00"],
    ["2024-02-29", ["+1 year"], "2025-03-01 00:00:00"],
    ["2024-02-29", ["-1.5 years"], "2022-08-30 12:00:00"],
    ["2024-05-17", ["-0001-02-03 04:05:06"], "2023-03-13 19:54:54"],
    ["2024-05-17", ["+0000-12-00"], null],
    ["2024-05-17", ["0001-01-01"], null],
    ["2024-05-17", ["-01:30"], "2024-05-16 22:30:00"],
    ["2024-05-17", ["1 day"], "2024-05-18 00:00:00"],
    ["2024-05-17", ["+1e1 DAYS"], "2024-05-27 00:00:00"],
    ["2024-05-17", ["+1day"], null],
    ["2024-05-17", ["+1 day "], null],
    ["2024-05-17", ["+1 week"], null],
    ["2024-05-17 13:45", ["START OF month"], "2024-05-01 00:00:00"],
    ["01:00+02:00", ["start of day"], "2000-01-01 00:00:00"],
    ["2024-05-17 13:45", ["start of week"], null],
    ["2024-05-17", ["weekday 5"], "2024-05-17 00:00:00"],
    ["2024-05-17", ["weekday 0"], "2024-05-19 00:00:00"],
    ["2024-05-17", ["weekday 7"], null],
    ["2024-05-17", ["weekday 1.5"], null],
    [1715953506, ["unixepoch"], "2024-05-17 13:45:06"],
    ["1715953506", ["auto"], "2024-05-17 13:45:06"],
    [1715953506, ["+1 day", "unixepoch"], null],
    [1715953506, [], null],
    [5373484.5, ["auto"], "1970-03-04 04:38:04"],
    [2460447.5, ["julianday"], "2024-05-17 00:00:00"],
    [2460447.5, ["auto", "+1 day"], "2024-05-18 00:00:00"],
    [1715953506, ["julianday"], null],
    ["2024-05-17", ["unixepoch"], null],
    ["2024-05-17", ["auto"], "2024-05-17 00:00:00"],
    ["9999-12-31", ["+1 day"], null],
    ["9999-12-31", ["+1 day", "-1 day"], "9999-12-31 00:00:00"],
    ["2024-05-17", ["+1 month", "bogus"], null],
    ["2024-05-17", [""], null],
  ])("%j with %j is %j", (time, modifiers, text) => {
    expect(strftime("%F %T", [time, ...modifiers], 0)).toBe(text);
    expect(expected("%F %T", time, modifiers)).toBe(text);
  });

  test("that speak of a local time take it for UTC", () => {
    expect(strftime("%F %T", ["2024-02-31 13:45", "localtime"], 0)).toBe("2024-03-02 13:45:00");
    expect(strftime("%F %T", ["2024-05-17 13:45", "utc"], 0)).toBe("2024-05-17 13:45:00");
  });

  test("that are no text are no modifiers", () => {
    expect(strftime("%F", ["2024-05-17", null], 0)).toBeNull();
    expect(strftime(null, ["2024-05-17"], 0)).toBeNull();
  });
});

const pieces =
  "%d %e %f %F %G %g %H %I %j %J %k %l %m %M %p %P %R %s %S %T %u %U %V %w %W %Y %% é %q %".split(" ");

/** Calls as a careless author writes them. */
class RandomCall extends SeededChoice {
  format(): string {
    return this.text(pieces, 3);
  }

  time(): SqlValue {
    const number = this.of([2460000.5, 0, 5373484, 1e10, 1715953506.789, -1]);
    const written = this.of(["", ".5", "2024", "1e5", " 2451545 ", "2460000.5x", "2024-05-17X"]);
    const day = this.date() + this.of([" ", "T", "", "  ", "t", " x"]);
    return this.of<SqlValue>([number, written, this.date(), this.clock(), day + this.clock(), day]);
  }

  modifiers(): readonly string[] {
    return Array.from({ length: this.integer(4) }, () => this.modifier());
  }

  date(): string {
    const year = this.chance(0.9)
      ? 1900 + this.integer(200)
      : this.of(["0000", "0004", "9999", "-001", "-0001"]);
    return `${year}-${this.digits(13, 1)}-${this.digits(33)}`;
  }

  /** Without the hour 24, of which SQLite makes another week. */
  clock(): string {
    const fraction = this.of(["", ".1", ".999", ".9996", ".0005", ".789012"]);
    const seconds = this.chance(0.5) ? `:${this.digits(61)}${fraction}` : "";
    const zone = this.of(["", "", "", "Z", "z", "+02:00", "-11:30", "+15:00", " +01:00", "+1:00"]);
    return `${this.digits(24)}:${this.digits(61)}${seconds}${zone}`;
  }

  modifier(): string {
    const unit = this.of(["day", "hours", "MINUTE", "second", "months", "year", "week"]);
    const sign = this.of(["+", "-", ""]);
    const count = `${sign}${this.integer(400)}${this.of(["", ".5", ".25", ".", "e1"])}`;
    const shift = `${sign}${this.of(["0000", "0001", "0010"])}-${this.digits(13)}-${this.digits(32)}`;
    const weekday = `weekday ${this.of(["0", "1", "2", "3", "4", "5", "6", "7", "2.0"])}`;
    const start = `start of ${this.of(["day", "month", "year", "week"])}`;
    const name = this.of(["floor", "ceiling", "unixepoch", "julianday", "auto", "subsec", "bogus"]);
    const clock = `${sign}${this.clock()}`;
    return this.of([`${count} ${unit}`, shift, `${shift} ${this.clock()}`, clock, weekday, start, name]);
  }

  digits(below: number, from = 0): string {
    return String(from + this.integer(below - from)).padStart(2, "0");
  }
}

test("any call is what SQLite makes of it", () => {
  const random = new RandomCall(7);
  const calls = Array.from({ length: 40_000 }, () => {
    const [format, time, modifiers] = [random.format(), random.time(), random.modifiers()];
    beginWork();
    const got = strftime(format, [time, ...modifiers], 0);
    return { format, time, modifiers, got, expected: expected(format, time, modifiers) };
  });
  expect(calls.filter((call) => call.got !== call.expected)).toEqual([]);
  expect(calls.filter(({ got }) => got !== null).length).toBeGreaterThan(10_000);
});
