import type { Decision, RecordRow, Subject } from "@sluice/rules";
import { expect, test } from "vitest";
import { callMs } from "../../../test/harness/cpu-time.ts";
import { RowTable } from "../../../test/rules/row-table.ts";
import { compile, tryCompile } from "../../../test/rules/try-compile.ts";

/** Longest that one evaluation may take. */
const slowMs = 50;

function manyRows(make: (index: number) => RecordRow): readonly RecordRow[] {
  return Array.from({ length: 100_000 }, (_, index) => ({ id: `r${index}`, ...make(index) }));
}

const records = new RowTable(
  new Map([
    [
      "pbc_posts",
      manyRows((index) => ({ title: `t${index}`, parent: `r${index + 1}`, cats: [`r${index}`] })),
    ],
    ["pbc_users", [{ id: "u1", team: "r1" }]],
    [
      "pbc_teams",
      manyRows((index) => ({ name: "n", owner: "u1", size: index, members: ["u1", `u${index}`] })),
    ],
    [
      "pbc_cats",
      manyRows((index) => ({ name: `c${index}`, score: index, opts: ["a", "b", "c"], parent: "r1" })),
    ],
    ["pbc_comments", manyRows((index) => ({ post: "p1", posts: ["p1"], text: `x${index}`, rating: 1 }))],
  ]),
);

const subject: Subject = {
  record: { id: "p1", title: "c99999", cats: Array.from({ length: 9_000 }, (_, index) => `r${index}`) },
  request: { auth: { id: "u1", collectionId: "pbc_users", collectionName: "users" }, query: {}, headers: {} },
  records,
  nowMs: 0,
};

test.each<[text: string, decision: Decision]>([
  ["@collection.cats.score ?< 0", "failed"],
  ["@collection.cats.score >= 0", true],
  ["@collection.cats.opts:each ?= 'd' && @collection.cats.score ?> 1", false],
  ["@collection.cats.name:lower ?= 'no'", "failed"],
  ["@collection.cats.name ?> @collection.teams.owner && 1 = 2", false],
  ["@collection.cats.name = @collection.teams.owner && @collection.cats.score ?> -1", "failed"],
  ["@collection.cats.score ?< @collection.teams.size && @collection.cats:x.score ?< -1", "failed"],
  ["@collection.cats.name != @collection.teams.name", "failed"],
  ["@collection.cats.parent.parent.parent.name = 'x'", "failed"],
  ["@collection.cats.name ?= title", true],
  ["@collection.teams.owner ?= @request.auth.id && @collection.teams.name ?= 'x'", false],
  ["@collection.teams.members:each ?= 'u77' && @collection.teams.size ?= 77", true],
  ["@collection.teams.owner ?= @request.auth.id && @collection.teams.size ?< 0", "failed"],
  ["comments_via_post.text ?= 'no'", false],
  ["comments_via_post.text ?= 'x77777'", true],
  ["comments_via_post.rating ?= 2", "failed"],
  ["comments_via_post.id ?= 'r77777' && comments_via_post.text ?= 'x77777'", true],
  ["comments_via_posts.rating = 1", true],
  ["cats.name ?= 'no'", false],
  ["cats.name != 'no'", true],
  ["cats.opts:each ?= 'd'", false],
  ["@request.auth.teams_via_owner.size ?< 0", "failed"],
  ["@request.auth.team.owner.team.members.id ?= 'u9'", false],
])("%s is quickly decided over 100,000 rows: %s", (text, decision) => {
  const rule = compile(text);
  expect(rule.decide(subject)).toBe(decision);
  expect(callMs(() => rule.decide(subject), slowMs)).toBeLessThan(slowMs);
  // the nearest row, and the values on both sides, are one evaluation each
  expect(callMs(() => rule.explain(subject), 10 * slowMs)).toBeLessThan(10 * slowMs);
});

/** Different paths over relations, two hops or more each. */
const paths = ["parent", "parent.parent", "author.team", "cat.parent", "parent.cat", "parent.author.team"]
  .flatMap((start) => [start, `${start}.comments_via_post`, `${start}.posts_via_parent`])
  .filter((path) => tryCompile(`${path}.id ?= 'a'`) !== "unknown");

function manyComparisons(count: number): readonly string[] {
  return Array.from(
    { length: count },
    (_, index) => `${paths[index % paths.length] ?? ""}.id ?= 'x${index}'`,
  );
}

test.each<[what: string, text: string]>([
  ["keys", `cats.meta${".a".repeat(1_190)} = 'x'`],
  ["distances", `${"geoDistance(1, 2, cats.score, 1) > 0 && ".repeat(100)} cats.score ?< 0`],
  ["alternatives", manyComparisons(200).join(" || ")],
  ["conditions", manyComparisons(200).join(" && ")],
  [
    "alternatives of alternatives",
    `(${manyComparisons(180).join(") && (").replaceAll("') && (", "' || ").replaceAll("' || parent.id", "') && (parent.id")})`,
  ],
  [
    "aliases",
    Array.from({ length: 60 }, (_, index) => `@collection.cats:a${index}.name ?= title`).join(" && "),
  ],
  [
    "aliases that are looked up by each other",
    Array.from(
      { length: 60 },
      (_, index) => `@collection.cats:a${index}.name ?= @collection.cats:a${index + 1}.parent`,
    ).join(" && "),
  ],
])("a rule of many %s is quickly compiled and decided", (_, text) => {
  expect(callMs(() => compile(text).decide(subject), slowMs)).toBeLessThan(slowMs);
  expect(callMs(() => pins(text), slowMs)).toBeLessThan(slowMs);
});

function pins(text: string): unknown {
  const program = compile(text).programFor(subject.request, records);
  return program === "refused" ? undefined : program.audiences.pinsOf(subject);
}

function aliases(count: number): string {
  const comparisons = Array.from({ length: count }, (_, index) => `@collection.cats:a${index}.name ?= 'c1'`);
  return comparisons.join(" || ");
}

test("a rule joins 63 collections at most", () => {
  expect(tryCompile(aliases(63))).not.toBe("limit");
  expect(tryCompile(aliases(64))).toBe("limit");
});
