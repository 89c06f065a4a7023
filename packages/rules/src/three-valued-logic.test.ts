import type { Decision, Subject } from "@sluice/rules";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printRule } from "../../../test/rules/print-rule.ts";
import { ownNames, requestNames, someComparison } from "../../../test/rules/random-rule.ts";
import { someSubject } from "../../../test/rules/random-subject.ts";
import { compile, decidableRule } from "../../../test/rules/try-compile.ts";
import { parse } from "./parser.ts";
import type { Operator } from "./syntax.ts";

function decide(text: string, subject: Subject): Decision {
  return compile(text).decide(subject);
}

/** Pairs of rules of `a`, `b` and `c` that mean the same in a logic of three values. */
const laws: readonly (readonly [left: string, right: string])[] = [
  ["a && b", "b && a"],
  ["a || b", "b || a"],
  ["a && (b && c)", "(a && b) && c"],
  ["a || (b || c)", "(a || b) || c"],
  ["a && b && c", "a && (b && c)"],
  ["a && a", "a"],
  ["a || a", "a"],
  ["a && (a || b)", "a"],
  ["a || (a && b)", "a"],
  ["a && (b || c)", "(a && b) || (a && c)"],
  ["a || (b && c)", "(a || b) && (a || c)"],
  ["a || b && c", "a || (b && c)"],
  ["a && b || c", "(a && b) || c"],
];

/** Puts rules in the places of letters. */
function fill(law: string, rules: Readonly<Record<string, string>>): string {
  return law.replace(/\b[abc]\b/g, (letter) => `(${rules[letter] ?? ""})`);
}

describe("&& and ||", () => {
  const subjects = fc.array(someSubject, { minLength: 3, maxLength: 3 });

  test.each(laws)("let the same pass in %s and in %s", (left, right) => {
    const rule = decidableRule([...ownNames, ...requestNames]);
    fc.assert(
      fc.property(fc.record({ a: rule, b: rule, c: rule }), subjects, (rules, asked) => {
        const [one, other] = [compile(fill(left, rules)), compile(fill(right, rules))];
        // what is missing may make one undecidable and leave the other false
        for (const subject of asked)
          expect(other.decide(subject) === true).toBe(one.decide(subject) === true);
      }),
      { numRuns: 150 },
    );
  });

  test("let pass what both sides let pass, or one of them, where no element is shared", () => {
    const rule = decidableRule([...ownNames, ...requestNames].filter((name) => !name.endsWith(":each")));
    fc.assert(
      fc.property(rule, rule, subjects, (a, b, asked) => {
        for (const subject of asked) {
          const [passesA, passesB] = [decide(a, subject) === true, decide(b, subject) === true];
          expect(decide(`(${a}) && (${b})`, subject) === true).toBe(passesA && passesB);
          expect(decide(`(${a}) || (${b})`, subject) === true).toBe(passesA || passesB);
        }
      }),
      { numRuns: 250 },
    );
  });

  const asked: Subject = {
    record: { flag: true, data: null, tags: ["a", "b"] },
    request: {
      auth: { id: "u1", collectionId: "pbc_users", collectionName: "users" },
      query: {},
      headers: {},
    },
    nowMs: 0,
  };

  /** Comparisons that are folded when they are compiled, and that are not. */
  const samples = {
    true: ["1 = 1", "flag = true", "tags:each ?= 'b'"],
    false: ["1 = 2", "flag = false", "tags:each = 'c'"],
    unknown: ["null > 1", "data.gone > 1", "@request.query.gone ~ 'a'"],
    open: ["@request.auth.age > 1"],
  };

  test.each([
    ["true", "true", true, true],
    ["true", "false", false, true],
    ["true", "unknown", false, true],
    ["true", "open", "undecidable", true],
    ["false", "false", false, false],
    ["false", "unknown", false, false],
    ["false", "open", false, "undecidable"],
    ["unknown", "unknown", false, false],
    ["unknown", "open", "undecidable", "undecidable"],
    ["open", "open", "undecidable", "undecidable"],
  ] as const)("of %s and %s are %s and %s, in either order", (a, b, and, or) => {
    for (const left of samples[a]) {
      for (const right of samples[b]) {
        expect(decide(`${left} && ${right}`, asked)).toBe(and);
        expect(decide(`${right} && ${left}`, asked)).toBe(and);
        expect(decide(`${left} || ${right}`, asked)).toBe(or);
        expect(decide(`${right} || ${left}`, asked)).toBe(or);
      }
    }
  });

  test("follow De Morgan through the negated operators where nothing is null", () => {
    const words = { identifiers: neverNull, calls: false };
    const rule = fc.array(
      someComparison(words).filter((text) => !/null/i.test(text)),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(rule, fc.constantFrom("&&", "||"), subjects, (comparisons, join, all) => {
        const negated = comparisons.map(negate).join(join === "&&" ? " || " : " && ");
        for (const subject of all) {
          expect(decide(negated, subject)).toBe(decide(comparisons.join(` ${join} `), subject) === false);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Names of fields that hold one value, which is never null. */
const neverNull = "id title body total flag status author at created file link title:lower tags:length".split(
  " ",
);

const opposites: Readonly<Record<Operator, Operator>> = {
  "=": "!=",
  "!=": "=",
  ">": "<=",
  "<=": ">",
  "<": ">=",
  ">=": "<",
  "~": "!~",
  "!~": "~",
};

/** Turns a comparison into its opposite. */
function negate(comparison: string): string {
  const { group } = parse(comparison);
  const items = group.items.map(({ join, term }) =>
    term.kind === "group" ? { join, term } : { join, term: { ...term, operator: opposites[term.operator] } },
  );
  return printRule({ ...group, items });
}
