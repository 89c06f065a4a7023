import type { AudiencePlan, CompiledRule, RequestValues, RuleProgram, Subject } from "@sluice/rules";
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { joinNames, ownNames, requestNames, someRule } from "../../../test/rules/random-rule.ts";
import { someRecord, someRequest, someRows } from "../../../test/rules/random-subject.ts";
import { RowTable } from "../../../test/rules/row-table.ts";
import { compile, tryCompile } from "../../../test/rules/try-compile.ts";

const options = { query: {}, headers: {} };

const records = new RowTable(
  new Map([
    ["pbc_users", [{ id: "ann", team: "t1" }, { id: "bob" }, { id: "cid", team: "t2" }]],
    [
      "pbc_teams",
      [
        { id: "t1", name: "p1", owner: "ann", members: ["ann", "bob"], size: 1 },
        { id: "t2", name: "p2", owner: "cid", members: ["cid"], size: 2 },
        { id: "t3", name: "p1", owner: "cid", members: [], size: 3 },
      ],
    ],
    [
      "pbc_comments",
      [
        { id: "c1", post: "p1", text: "ann", posts: ["p1", "p2"] },
        { id: "c2", post: "p1", text: "bob", posts: [] },
        { id: "c3", post: "p2", text: "cid", posts: ["p2"] },
      ],
    ],
    ["pbc_posts", [{ id: "p2", author: "cid", editors: ["bob", "cid"], cat: "c1", data: "ann" }]],
  ]),
);

function planOf(text: string): AudiencePlan {
  return programOf(text, someone("ann")).audiences;
}

function someone(id: string): RequestValues {
  return { ...options, auth: { id, collectionId: "pbc_users", collectionName: "users" } };
}

function programOf(text: string, request: RequestValues): RuleProgram {
  const program = compile(text).programFor(request, records);
  if (program === "refused") throw new TypeError(`expected a program, got none: ${text}`);
  return program;
}

const record = { id: "p1", author: "ann", parent: "p2", title: "t2", flag: false };

describe("P7: the rows that a record joins pin it", () => {
  test.each<[text: string, pins: unknown]>([
    ["parent.author = @request.auth.id", [["cid"]]],
    ["parent.editors:each ?= @request.auth.id", [["bob", "cid"]]],
    ["parent.editors.id ?= @request.auth.id", [["bob", "cid"]]],
    ["cat.parent = @request.auth.id", [[""]]],
    ["comments_via_post.text ?= @request.auth.id", [["ann", "bob"]]],
    ["comments_via_posts.text ?= @request.auth.id && @request.auth.id != ''", [["ann"]]],
    [
      "@collection.teams.members:each ?= @request.auth.id && @collection.teams.name ?= id",
      [["ann", "bob", ""]],
    ],
    ["@collection.teams.name ?= id && @collection.teams.owner ?= @request.auth.id", [["ann", "cid"]]],
    [
      "@collection.teams.name ?= id && @collection.teams.size > 5 && @collection.teams.owner ?= @request.auth.id",
      [[]],
    ],
    [
      "@collection.comments.post ?= id && @collection.comments.text ?= author && @collection.comments.text ?= @request.auth.id",
      [["ann"]],
    ],
    ["comments_via_post.text ?!= 'ann' && comments_via_post.text ?= @request.auth.id", [["bob"]]],
    ["comments_via_post.text ?= author && comments_via_post.text ?= @request.auth.id", [["ann"]]],
    [
      "@collection.comments.text ?= @request.auth.id && @collection.comments.post ?= @collection.posts.id && @collection.posts.id ?= parent",
      [["cid"]],
    ],
    ["author = @request.auth.id && comments_via_post.text ?= @request.auth.id", [["ann"]]],
    ["flag = true && comments_via_post.text ?= @request.auth.id", []],
    ["author = @request.auth.id || parent.author = @request.auth.id", [["ann"], ["cid"]]],
    ["parent.author = 'cid'", "everyone"],
    ["parent.author = 'bob'", []],
    ["@request.auth.team.name = id", "everyone"],
    ["cats.name ?= @request.auth.id", [[""]]],
    ["cat.name = @request.auth.id", [[""]]],
  ])("%s: %j", (text, pins) => {
    const found = planOf(text).pinsOf({ record, request: options, records, nowMs: 0 });
    expect(found === "everyone" ? found : found.map(({ keys }) => keys)).toEqual(pins);
  });

  test("to nobody where they are not at hand", () => {
    const found = planOf("cat.name = @request.auth.id").pinsOf({
      record: { ...record, cat: "c1" },
      request: options,
      records,
      nowMs: 0,
    });
    expect(found).toEqual([expect.objectContaining({ keys: [] })]);
  });
});

test.each<[text: string, keys: readonly string[]]>([
  ["comments_via_post.text ?= @request.auth.id", ["ann", "bob"]],
  ["parent.comments_via_post.text ?= @request.auth.id && flag = false", ["cid"]],
  ["@collection.comments.post ?= id && @collection.comments.text ?= @request.auth.id", ["ann", "bob"]],
  ["@collection.comments.post ?= parent && @collection.comments.text ?= @request.auth.id", ["cid"]],
  [
    "@collection.posts.cat ?= parent.cat && @collection.posts.author ?= @request.auth.id && parent.author = 'cid'",
    ["cid"],
  ],
])("P7: rows that are looked up are not looked at where an index tells all of them: %s", (text, keys) => {
  const find = vi.spyOn(records, "by");
  const found = planOf(text).pinsOf({ record, request: options, records, nowMs: 0 });
  const looked = find.mock.calls.length;
  find.mockRestore();
  expect([found === "everyone" ? found : found.map((pin) => pin.keys), looked]).toEqual([[keys], 0]);
});

/** Whether a rule over the record passes for who has one of its keys. */
function isSureOf(rule: CompiledRule): boolean {
  const program = rule.programFor(someone("ann"), records);
  if (program === "refused") throw new TypeError(`expected a program, got none: ${rule.text}`);
  const at = { ...record, cat: "c1" };
  const pins = program.audiences.pinsOf({ record: at, request: options, records, nowMs: 0 });
  expect(pins).not.toEqual("everyone");
  return pins !== "everyone" && pins.some(({ isSure }) => isSure(someone("ann")));
}

describe("who has the key of a joined row", () => {
  const byName = "@collection.teams.name ?= id && @collection.teams.owner ?= @request.auth.id";

  test.each<[text: string, isSure: boolean]>([
    ["parent.author = @request.auth.id", true],
    ["parent.editors:each ?= @request.auth.id", true],
    ["@request.auth.id ?= parent.editors.id", true],
    ["comments_via_post.text ?= @request.auth.id", true],
    [byName, true],
    [`${byName} && @collection.teams.size > 1`, true],
    [`${byName} && flag = false`, true],
    [`${byName} && @request.auth.id != ''`, true],
    [`${byName} && @request.auth.team = 't1'`, true],
    [`${byName} && (@collection.teams.size > 1 || @request.auth.id != '')`, true],
    [`${byName} || author = @request.auth.id`, true],
    ["@request.auth.roles:each ?= comments_via_post.text", true],
    [`${byName} && flag = true`, false],
    [`${byName} && @request.auth.id = 'bob'`, false],
    [`${byName} && @request.auth.team = 't2'`, false],
    [`${byName} && @collection.teams.id ?= @request.auth.team`, false],
    [`${byName} && @collection.comments.text ?= 'ann'`, false],
    ["@collection.teams.owner = @request.auth.id && @collection.teams.name ?= id", false],
    ["comments_via_post.text = @request.auth.id", false],
    ["comments_via_post.text ?~ @request.auth.id", false],
    ["comments_via_post.text ?= @request.auth.id && cat.name != 'x'", false],
    ["parent.author = @request.auth.id && parent.cat.name != 'x'", false],
    ["parent.data = @request.auth.id", false],
    ["comments_via_post.text ?= @request.auth.prefs", false],
  ])("%s: passes without being asked: %s", (text, isSure) => {
    expect(isSureOf(compile(text))).toBe(isSure);
  });

  test("is asked where that is an e-mail address, which not everybody sees", () => {
    expect(isSureOf(compile("author.email = @request.auth.id", "filter"))).toBe(false);
  });
});

describe("two subscribers are alike to a rule over joined rows", () => {
  test.each<[text: string, alike: boolean]>([
    ["parent.author = 'x'", true],
    ["@request.auth.team != '' && parent.author = 'x'", true],
    ["@request.auth.team = 't9' && parent.author = 'x'", true],
    ["@request.auth.team = title", false],
    ["@request.auth.team.name = title", false],
    ["@request.auth.comments_via_post.text = title", true],
    ["@request.auth.posts_via_author.title = title", false],
  ])("%s: %s", (text, alike) => {
    const [ann, cid] = ["ann", "cid"].map((id) =>
      programOf(text, someone(id)).audiences.keyOf(someone(id), records),
    );
    expect(ann === cid).toBe(alike);
  });
});

/** Whether a look-up by the pins of a record finds somebody, and knows then that they pass. */
function finds(plan: AudiencePlan, request: RequestValues, subject: Subject): "sure" | boolean {
  const pins = plan.pinsOf(subject);
  if (pins === "everyone") return true;
  const theirs = plan.pinKeysOf(request, subject.records);
  let isFound = false;
  for (const { slot, keys, findsParts, isSure } of pins) {
    const mine = theirs[slot];
    const hasKey = mine?.some((own) => keys.some((key) => (findsParts ? key.includes(own) : key === own)));
    if (hasKey === true && isSure(request)) return "sure";
    isFound ||= hasKey ?? true;
  }
  return isFound;
}

function some<T>(one: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> {
  return fc.array(one, { minLength: length, maxLength: length });
}

const authNames = requestNames.slice(0, 12);

const identifiers = [
  ...joinNames,
  ...ownNames,
  ...authNames,
  ...Array<string>(30).fill("@request.auth.id"),
  ...Array<string>(6).fill("@request.auth.team"),
];

test("P7: whoever passes a rule over joined rows is found by the pins, and those who are alike are decided alike", () => {
  const count = { passed: 0, pinned: 0, sure: 0 };
  const anyRule = someRule({ identifiers, calls: false });
  const pinning = fc
    .tuple(fc.constantFrom(...joinNames.slice(0, 25)), fc.constantFrom("=", "?=", "?=", "~"), anyRule)
    .map(([name, operator, rest]) => `${name} ${operator} @request.auth.id && (${rest})`);
  const aRule = fc.oneof(anyRule, pinning);
  fc.assert(
    fc.property(
      aRule,
      someRows,
      some(someRecord, 3),
      some(someRequest, 10),
      (text, rows, someRecords, requests) => {
        const rule = tryCompile(text);
        if (typeof rule === "string") return;
        const table = new RowTable(rows);
        for (const one of someRecords) {
          const decisions = new Map<string, unknown>();
          for (const { auth } of requests) {
            const request = { ...options, auth };
            const subject = { record: one, request, records: table, nowMs: 0 };
            const program = rule.programFor(request, table);
            if (program === "refused") continue;
            const decision = rule.decide(subject);
            const key = `${String(auth?.["collectionId"])} ${program.audiences.keyOf(request, table)}`;
            expect(decisions.get(key) ?? decision).toBe(decision);
            decisions.set(key, decision);
            const event = { ...subject, request: options };
            const found = finds(program.audiences, request, event);
            if (found === "sure") count.sure += 1;
            expect(found !== "sure" || decision).toBe(true);
            if (decision !== true) continue;
            count.passed += 1;
            if (program.audiences.pinsOf(event) !== "everyone" && program.scope.nodes.length > 0)
              count.pinned += 1;
            expect(found).not.toBe(false);
          }
        }
      },
    ),
    { numRuns: 1_500 },
  );
  expect(count.passed).toBeGreaterThan(1_000);
  expect(count.pinned).toBeGreaterThan(100);
  expect(count.sure).toBeGreaterThan(100);
}, 60_000);
