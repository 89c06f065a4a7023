import * as fc from "fast-check";
import { expect, test } from "vitest";
import { someRecord } from "../../../test/rules/random-subject.ts";
import { compile } from "../../../test/rules/try-compile.ts";

const request = { query: {}, headers: {} };

function pinsOf(text: string) {
  const program = compile(text, "filter").programFor(request);
  return program === "refused" ? undefined : program.literalPins;
}

test.each<[text: string, pins: unknown]>([
  ["title = 'x'", [["title", "x"]]],
  ["'x' = title", [["title", "x"]]],
  ["title ?= 'x'", [["title", "x"]]],
  ["title = 10", [["title", "10.0"]]],
  ["total = '10'", [["total", 10]]],
  ["flag = true", [["flag", 1]]],
  ["tags:each ?= 'x'", [["tags:each", "x"]]],
  ["title = 'x' && total > 5", [["title", "x"]]],
  ["(title = 'x' || title = 'y') && status = 'z'", [["status", "z"]]],
  [
    "title = 'x' || (status = 'y' && total = 1)",
    [
      ["title", "x"],
      ["status", "y"],
    ],
  ],
  ["title = 'x' || total > 5", undefined],
  ["title = ''", undefined],
  ["title = null", undefined],
  ["title != 'x'", undefined],
  ["title ~ 'x'", undefined],
  ["title = status", undefined],
  ["data = 'x'", undefined],
  ["data.a = 'x'", undefined],
  ["at = @now", undefined],
  [Array.from({ length: 51 }, (_, index) => `title = '${index}'`).join(" || "), undefined],
])("%s passes only records with one of %j", (text, pins) => {
  expect(pinsOf(text)?.map(({ name, value }) => [name, value])).toEqual(pins);
});

const oneOf = fc.constantFrom<string[]>;

/** Rules of literals that random records often have. */
const someRule = fc
  .array(
    fc
      .tuple(
        oneOf("title", "status", "tags:each", "total", "flag", "author", "mail"),
        oneOf("=", "=", "?=", "=", "!="),
        oneOf("'a'", "'b'", "'ab'", "'1'", "'u1'", "1", "10", "true", "''"),
        oneOf(" || ", " || ", " && "),
      )
      .map(([name, operator, literal, join]) => `${name} ${operator} ${literal}${join}`),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join("").slice(0, -4));

test("a record that passes has one of the values", () => {
  let pinned = 0;
  fc.assert(
    fc.property(someRule, fc.array(someRecord, { minLength: 20, maxLength: 20 }), (text, records) => {
      const rule = compile(text);
      const pins = pinsOf(text);
      for (const record of records) {
        const subject = { record, request, nowMs: 0 };
        if (pins === undefined || rule.decide(subject) !== true) continue;
        pinned += 1;
        expect(pins.some(({ valuesOf, value }) => valuesOf(subject)?.includes(value))).toBe(true);
      }
    }),
    { numRuns: 1_000 },
  );
  expect(pinned).toBeGreaterThan(200);
});
