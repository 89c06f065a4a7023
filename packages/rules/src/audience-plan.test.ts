import type { AudiencePlan, RequestValues, RuleProgram, Subject } from "@sluice/rules";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ownNames, requestNames } from "../../../test/rules/random-rule.ts";
import { someRecord, someRequest } from "../../../test/rules/random-subject.ts";
import { compile, decidableRule } from "../../../test/rules/try-compile.ts";

const options = { query: {}, headers: {} };

const ann: RequestValues = {
  ...options,
  auth: { id: "ann", collectionId: "pbc_users", collectionName: "users" },
};
const bob: RequestValues = {
  ...options,
  auth: { id: "bob", collectionId: "pbc_users", collectionName: "users" },
};
const guest: RequestValues = options;

function withClaims(claims: Readonly<Record<string, unknown>>): RequestValues {
  return { ...options, auth: { ...ann.auth, ...claims } };
}

function programOf(text: string, request: RequestValues): RuleProgram {
  const program = compile(text).programFor(request);
  if (program === "refused") throw new TypeError(`expected a program, got none: ${text}`);
  return program;
}

describe("two subscribers are alike to a rule", () => {
  test.each<[text: string, one: RequestValues, other: RequestValues, alike: boolean]>([
    ["@request.auth.id != ''", ann, bob, true],
    ["@request.auth.id != ''", ann, guest, false],
    ["author = @request.auth.id", ann, bob, false],
    ["author = @request.auth.id && @request.auth.id != ''", ann, bob, false],
    [
      "title = @request.auth.name",
      withClaims({ name: "x", id: "1" }),
      withClaims({ name: "x", id: "2" }),
      true,
    ],
    ["title = @request.auth.name", withClaims({ name: "x" }), withClaims({ name: "y" }), false],
    ["title = @request.auth.name", withClaims({ name: "" }), ann, false],
    ["@request.auth.age > 17 && flag = true", withClaims({ age: 18 }), withClaims({ age: 80 }), true],
    [
      "@request.auth.roles:each ?= status",
      withClaims({ roles: ["a"] }),
      withClaims({ roles: ["a", "b"] }),
      false,
    ],
    ["flag = true", ann, guest, true],
    ["1 = 1 || author = @request.auth.id", ann, guest, true],
  ])("%s", (text, one, other, alike) => {
    const key = (request: RequestValues): string => programOf(text, request).audiences.keyOf(request);
    expect(key(one) === key(other)).toBe(alike);
  });
});

describe("a record is pinned", () => {
  const record = {
    author: "ann",
    title: "T",
    editors: ["e1", "e2"],
    cats: ["abcdefghijklmno"],
    flag: false,
    total: 5,
  };
  test.each<[text: string, pins: unknown]>([
    ["author = @request.auth.id", [["ann"]]],
    ["@request.auth.id = author", [["ann"]]],
    ["author ?= @request.auth.id", [["ann"]]],
    ["parent = @request.auth.id", [[""]]],
    ["editors:each ?= @request.auth.id", [["e1", "e2"]]],
    ["tags:each ?= @request.auth.id", [[""]]],
    ["cats ~ @request.auth.id", [["abcdefghijklmno"]]],
    ["editors ~ @request.auth.id", [[]]],
    ["author = @request.auth.id || editors:each ?= @request.auth.id || flag = true", [["ann"], ["e1", "e2"]]],
    ["author = @request.auth.id || flag = false", "everyone"],
    ["author = @request.auth.id && flag = true", []],
    ["author = @request.auth.id && flag = false", [["ann"]]],
    ["editors:each ?= @request.auth.id && author = @request.auth.id", [["ann"]]],
    ["author = @request.auth.id && editors:each ?= @request.auth.id", [["ann"]]],
    ["@request.auth.id != '' && (author = @request.auth.id || flag = true)", [["ann"]]],
    ["author != @request.auth.id", "everyone"],
    ["total = @request.auth.id", "everyone"],
    ["flag = true", []],
    ["1 = 2 && author = @request.auth.id", "everyone"],
  ])("by %s to %j", (text, pins) => {
    const found = programOf(text, guest).audiences.pinsOf({ record, request: options, nowMs: 0 });
    expect(found === "everyone" ? found : found.map(({ keys }) => keys)).toEqual(pins);
  });
});

/** Whether a look-up by the pins of a record finds somebody. */
function finds(plan: AudiencePlan, request: RequestValues, subject: Subject): boolean {
  const pins = plan.pinsOf(subject);
  if (pins === "everyone") return true;
  const theirs = plan.pinKeysOf(request);
  return pins.some(({ slot, keys, findsParts }) => {
    const mine = theirs[slot];
    return (
      mine === undefined ||
      keys.some((key) => mine.some((own) => (findsParts ? key.includes(own) : key === own)))
    );
  });
}

const someIds = fc.constantFrom(
  "abcdefghijklmno",
  "ABCDEFGHIJKLMNO",
  "pqrstuvwxyz0123",
  "abcdefgh",
  "u1",
  "",
);

/** Records and people with ids among them that look like ids. */
const idRecord = fc
  .tuple(someRecord, fc.record({ author: someIds, editors: fc.array(someIds, { maxLength: 3 }) }))
  .map(([record, ids]): Subject["record"] => Object.assign({}, record, ids));

const idRequest = fc.tuple(someRequest, someIds).map(([{ auth }, id]): RequestValues => {
  const withId = auth === undefined ? undefined : Object.assign({}, auth, { id });
  return { auth: withId, query: {}, headers: {} };
});

test("whoever passes is found by the pins, and those who are alike are decided alike", () => {
  const names = [
    ...ownNames,
    ...requestNames,
    "author",
    "editors",
    "editors:each",
    "@request.auth.id",
    "@request.auth.id",
  ];
  const records = fc.array(idRecord, { minLength: 5, maxLength: 5 });
  const requests = fc.array(idRequest, { minLength: 10, maxLength: 10 });
  let passed = 0;
  fc.assert(
    fc.property(decidableRule(names), records, requests, (text, someRecords, someRequests) => {
      const rule = compile(text);
      for (const record of someRecords) {
        const decisions = new Map<string, unknown>();
        for (const request of someRequests) {
          const subject = { record, request, nowMs: 0 };
          const program = rule.programFor(request);
          if (program === "refused") continue;
          const decision = rule.decide(subject);
          const key = `${request.auth === undefined ? "" : String(request.auth["collectionId"])} ${program.audiences.keyOf(request)}`;
          expect(decisions.get(key) ?? decision).toBe(decision);
          decisions.set(key, decision);
          if (decision !== true) continue;
          passed += 1;
          expect(finds(program.audiences, request, { ...subject, request: options })).toBe(true);
        }
      }
    }),
    { numRuns: 400 },
  );
  expect(passed).toBeGreaterThan(1_000);
});
