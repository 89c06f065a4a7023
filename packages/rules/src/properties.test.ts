import { fileURLToPath } from "node:url";
import { type RequestValues, RuleError, type Subject } from "@sluice/rules";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printRule } from "../../../test/rules/print-rule.ts";
import {
  otherNames,
  ownNames,
  requestNames,
  type RuleWords,
  someRule,
} from "../../../test/rules/random-rule.ts";
import { someRecord, someRequest, someSubject } from "../../../test/rules/random-subject.ts";
import { compile, decidableRule, tryCompile } from "../../../test/rules/try-compile.ts";
import { outcomeOf, readVectors } from "../../../test/vectors/vector.ts";
import { parse } from "./parser.ts";

const someKind = fc.constantFrom("rule" as const, "filter" as const);

const allWords: RuleWords = { identifiers: [...ownNames, ...requestNames, ...otherNames], calls: true };

describe("a parsed rule that is printed and parsed again", () => {
  test("is the same rule", () => {
    fc.assert(
      fc.property(someRule(allWords), (text) => {
        const printed = printRule(parse(text).group);
        expect(printRule(parse(printed).group)).toBe(printed);
      }),
      { numRuns: 1_000 },
    );
  });

  test("is refused alike, or takes the same and gives the same verdicts", () => {
    const subjects = fc.array(someSubject, { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(someRule(allWords), someKind, subjects, (text, kind, asked) => {
        const printed = printRule(parse(text).group);
        expect(behaviour(printed, kind, asked)).toEqual(behaviour(text, kind, asked));
      }),
      { numRuns: 1_500 },
    );
  });

  test.each(["rules.jsonl", "rules-random.jsonl"])("is decided as before in %s", (file) => {
    const vectors = readVectors(fileURLToPath(new URL(`../../../test/vectors/${file}`, import.meta.url)));
    const printed = vectors.flatMap((vector) => {
      const rule = tryPrint(vector.rule);
      return rule === undefined ? [] : [{ vector, again: { ...vector, rule } }];
    });
    const wrong = printed.filter(({ vector, again }) => outcomeOf(again) !== outcomeOf(vector));
    expect(wrong.map(({ vector, again }) => [vector.id, vector.rule, again.rule])).toEqual([]);
    expect(printed.length).toBeGreaterThan(400);
  });
});

/** What a rule takes and decides, or the code of what is wrong with it. */
function behaviour(text: string, kind: "rule" | "filter", subjects: readonly Subject[]): unknown {
  const rule = tryCompile(text, kind);
  if (typeof rule === "string") return rule;
  const { needs, reads, constant } = rule;
  return {
    needs: [...needs.keys()],
    reads,
    constant,
    decisions: subjects.map((one) => rule.decide(one)),
  };
}

/** A rule printed; nothing where there is none, or it does not parse. */
function tryPrint(rule: string | null): string | undefined {
  try {
    return rule === null ? undefined : printRule(parse(rule).group);
  } catch (error) {
    if (error instanceof RuleError) return undefined;
    throw error;
  }
}

describe("what a rule does not take", () => {
  test("changes nothing: without @request every identity has the same verdict", () => {
    const requests = fc.array(someRequest, { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(decidableRule(ownNames), someSubject, requests, (text, subject, others) => {
        const rule = compile(text);
        expect(rule.needs.has("request")).toBe(false);
        const verdict = rule.decide(subject);
        for (const request of others) expect(rule.decide({ ...subject, request })).toBe(verdict);
      }),
      { numRuns: 1_000 },
    );
  });

  test("changes nothing: requests that agree on what it reads have the same verdict", () => {
    fc.assert(
      fc.property(someRule(allWords), someSubject, someRequest, (text, subject, other) => {
        const rule = tryCompile(text);
        if (typeof rule === "string") return;
        const request = agreeing(other, subject.request, rule.reads);
        expect(rule.decide({ ...subject, request })).toBe(rule.decide(subject));
      }),
      { numRuns: 3_000 },
    );
  });

  test("changes nothing: without the record in its needs every record has the same verdict", () => {
    const records = fc.array(someRecord, { minLength: 5, maxLength: 5 });
    const words = { identifiers: [...requestNames, "title"], calls: true };
    fc.assert(
      fc.property(someRule(words), someKind, someSubject, records, (text, kind, subject, others) => {
        const rule = tryCompile(text, kind);
        if (typeof rule === "string" || rule.needs.has("record")) return;
        const verdict = rule.decide(subject);
        for (const record of others) expect(rule.decide({ ...subject, record })).toBe(verdict);
      }),
      { numRuns: 2_000 },
    );
  });

  test("changes nothing: without the request in its needs every request has the same verdict", () => {
    const requests = fc.array(someRequest, { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(someRule(allWords), someKind, someSubject, requests, (text, kind, subject, others) => {
        const rule = tryCompile(text, kind);
        if (typeof rule === "string" || rule.needs.has("request")) return;
        const verdict = rule.decide(subject);
        for (const request of others) expect(rule.decide({ ...subject, request })).toBe(verdict);
      }),
      { numRuns: 3_000 },
    );
  });
});

/** A request that is like another in the values that are read, and in whose auth record there is, if any. */
function agreeing(request: RequestValues, like: RequestValues, reads: ReadonlySet<string>): RequestValues {
  const agreed = {
    auth: like.auth === undefined ? undefined : { ...(request.auth ?? like.auth) },
    query: { ...request.query },
    headers: { ...request.headers },
  };
  for (const name of reads) {
    const [, area = "", key = ""] = name.split(".");
    if (area === "auth" || area === "query" || area === "headers") copy(key, like[area], agreed[area]);
  }
  return agreed;
}

/** Gives one object the value that another has under a key, or none. */
function copy(
  key: string,
  from: Readonly<Record<string, unknown>> = {},
  to: Record<string, unknown> = {},
): void {
  if (Object.hasOwn(from, key)) to[key] = from[key];
  else delete to[key];
}
