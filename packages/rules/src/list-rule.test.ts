import { compileRule, type Decision, type RecordRow, type RuleSchema } from "@sluice/rules";
import { describe, expect, test } from "vitest";
import { collections, posts } from "../../../test/rules/collections.ts";
import { RowTable } from "../../../test/rules/row-table.ts";

/** The collections under list rules by name; all others are for everyone. */
function schemaWith(listRules: Readonly<Record<string, string | null>>): RuleSchema {
  const guarded = collections.map((collection) => {
    const listRule = listRules[collection.name];
    return listRule === undefined ? collection : Object.assign({}, collection, { listRule });
  });
  return { find: (key) => guarded.find(({ id, name }) => id === key || name === key) };
}

function filter(text: string, listRules: Readonly<Record<string, string | null>>) {
  return compileRule(text, { schema: schemaWith(listRules), collection: posts, kind: "filter" });
}

const records = new RowTable(
  new Map<string, readonly RecordRow[]>([
    [
      "pbc_cats",
      [
        { id: "c1", name: "x", opts: ["b"], score: 1 },
        { id: "c2", name: "x", opts: ["a"], score: 2, parent: "c1" },
        { id: "c3", name: "y", opts: ["a", "b"], score: 3 },
        { id: "c4", name: "z", opts: ["a", "c"], score: 4 },
      ],
    ],
    ["pbc_users", [{ id: "ann", name: "Ann" }]],
    ["pbc_teams", [{ id: "t1", members: ["ann"] }]],
  ]),
);

const auth = { id: "ann", collectionId: "pbc_users", collectionName: "users" };

function decide(
  text: string,
  listRules: Readonly<Record<string, string | null>>,
  record: RecordRow,
): Decision {
  return filter(text, listRules).decide({
    record,
    request: { auth, query: {}, headers: {} },
    records,
    nowMs: 0,
  });
}

const catIds = { cats: ["c1", "c2", "c3"] };

describe("a filter over rows under a list rule", () => {
  test.each<[text: string, listRule: string, decision: Decision]>([
    ["cats.name ?= 'x'", "", true],
    ["cats.name ?= 'x'", "score > 1", true],
    ["cats.name ?= 'x'", "score > 2", false],
    ["cats.name ?= 'x' && cats.score ?= 2", "opts:each = 'a'", true],
    ["cats.name ?= 'x'", "opts:each = 'a'", true],
    ["cats.name ?= 'y'", "opts:each = 'a'", false],
    ["cats.name ?= 'y'", "opts:each ?= 'a'", true],
    ["cats.name ?= 'x'", "parent.name = 'x'", true],
    ["cats.name ?= 'y'", "parent.name = 'x'", false],
    ["cats.name ?= 'x'", "@request.auth.name = 'Ann' && score = 2", true],
    ["cats.name ?= 'x'", "@request.auth.name = 'Bob'", false],
    ["cats.name ?= 'x'", "@collection.cats.score > 0", true],
    ["cats.name ?= 'x'", "@collection.cats.score ?> 9", false],
    ["cats.name ?= 'x'", "@collection.teams.members:each ?= @request.auth.id", true],
    ["title = 'a' || cats.name ?= 'x'", "score > 9", false],
    ["cats:each ?= 'c1'", "score > 9", true],
  ])("%s under %s: %s", (text, listRule, decision) => {
    expect(decide(text, { cats: listRule }, catIds)).toBe(decision);
  });

  test("asks of each row that its own values all hold", () => {
    const listRule = "opts:each != 'a' && opts:each ?> 'b'";
    expect(decide("cats.name ?!= ''", { cats: listRule }, { cats: ["c1", "c4"] })).toBe(false);
  });

  test("passes where nothing is joined", () => {
    expect(decide("cats.name = ''", { cats: "score > 9" }, {})).toBe(true);
    expect(decide("cat.name = ''", { cats: "score > 9" }, { cat: "gone" })).toBe(true);
  });

  test.each<[listRule: string | null, code: string, message: string]>([
    [null, "forbidden", "cats is for superusers only"],
    ["nowhere = 1", "unknown", "the list rule of cats: no field nowhere"],
  ])("is refused where it is %j, with the place in the filter", (listRule, code, message) => {
    const error = expect.objectContaining({ code, position: 15, message: expect.stringContaining(message) });
    expect(() => filter("title = 'a' && cats.name ?= 'x'", { cats: listRule })).toThrow(error);
  });

  test("reads who asks where the list rule does", () => {
    expect(filter("cats.name ?= 'x'", { cats: "@request.auth.id != ''" }).readsAuth).toBe(true);
    expect(filter("cats.name ?= 'x'", { cats: "score > 1" }).readsAuth).toBe(false);
    expect(filter("cats:each ?= 'x'", { cats: "@request.auth.id != ''" }).readsAuth).toBe(false);
    expect([...filter("cats.name ?= 'x'", { cats: "@collection.teams.size > 1" }).follows]).toEqual([
      "pbc_cats",
      "pbc_teams",
    ]);
  });

  test("explains what the list rule says", () => {
    const rule = filter("cat.name = 'x'", { cats: "score > 9" });
    const request = { auth, query: {}, headers: {} };
    const explained = rule.explain({ record: { cat: "c1" }, request, records, nowMs: 0 });
    expect(explained.map(({ text, start, left }) => [text, start, left.value])).toEqual([
      ["id = ''", 0, "c1"],
      ["score > 9", 0, 1],
    ]);
  });
});

test("P6: a value that is not at hand may violate what must hold for all", () => {
  const schema = schemaWith({});
  const rule = compileRule("editors.team.name != 'x'", { schema, collection: posts, kind: "rule" });
  const rows = new Map<string, readonly RecordRow[]>([
    ["pbc_users", [{ id: "u1" }, { id: "u2", team: "t1" }]],
  ]);
  const request = { query: {}, headers: {} };
  const subject = { record: { editors: ["u1", "u2"] }, request, nowMs: 0 };
  expect(rule.decide({ ...subject, records: new RowTable(rows) })).toBe("undecidable");
  rows.set("pbc_teams", [{ id: "t1", name: "x" }]);
  expect(rule.decide({ ...subject, records: new RowTable(rows) })).toBe(false);
  rows.set("pbc_teams", [{ id: "t1", name: "y" }]);
  expect(rule.decide({ ...subject, records: new RowTable(rows) })).toBe(true);
});
