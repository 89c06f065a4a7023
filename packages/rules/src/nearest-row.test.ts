import { compileRule, type OperandValue, type RecordRow, type Subject } from "@sluice/rules";
import { describe, expect, test } from "vitest";
import { callMs } from "../../../test/harness/cpu-time.ts";
import { posts, schema } from "../../../test/rules/collections.ts";
import { RowTable } from "../../../test/rules/row-table.ts";
import { compile } from "../../../test/rules/try-compile.ts";

const cats: readonly RecordRow[] = [
  { id: "c1", name: "red", parent: "c9", score: 1, opts: ["a", "b"] },
  { id: "c2", name: "red", parent: "c8", score: 2, opts: ["b"] },
  { id: "c3", name: "blue", parent: "u1", score: 3, opts: ["c"] },
];

const users: readonly RecordRow[] = [
  { id: "u1", name: "Ann", age: 20, team: "t1", email: "a@b.c", emailVisibility: true },
  { id: "u2", name: "Bob", age: 30, team: "gone", email: "b@b.c" },
];

function subjectWith(rows: readonly RecordRow[]): Subject {
  return {
    record: {
      id: "p1",
      title: "red",
      tags: ["x", "y"],
      author: "u2",
      editors: ["u1", "u2"],
      cats: ["c1", "c3"],
    },
    request: {
      auth: { id: "u1", collectionId: "pbc_staff", collectionName: "staff" },
      query: {},
      headers: {},
    },
    records: new RowTable(
      new Map([
        ["pbc_cats", rows],
        ["pbc_users", users],
        ["pbc_teams", []],
      ]),
    ),
    nowMs: 0,
  };
}

/** A side as `value in collection/id`. */
function print({ value, row }: OperandValue): string {
  const place = row === undefined ? "" : ` in ${row.collection}/${row.id}`;
  return `${JSON.stringify(value)}${place}`;
}

function explain(
  text: string,
  { rows = cats, kind = "rule" }: { rows?: readonly RecordRow[]; kind?: "rule" | "filter" } = {},
): readonly string[] {
  return compile(text, kind)
    .explain(subjectWith(rows))
    .map(({ text: part, verdict, left, right, isPartial }) => {
      return `${part} ${verdict}: ${print(left)}, ${print(right)}${isPartial ? ", of some" : ""}`;
    });
}

const ofAuth = "@collection.cats.parent ?= @request.auth.id";
const ofTitle = "@collection.cats.name ?= title";

describe("an explanation over joined rows", () => {
  test.each<[what: string, text: string, expected: readonly string[]]>([
    [
      "names the row of whoever asks",
      `${ofAuth} && ${ofTitle}`,
      [`${ofTitle} false: "blue" in cats/c3, "red"`],
    ],
    ["whatever the order", `${ofTitle} && ${ofAuth}`, [`${ofTitle} false: "blue" in cats/c3, "red"`]],
    [
      "names the row for which most holds",
      "@collection.cats.name ?= title && @collection.cats.score ?> 1 && @collection.cats.opts:each ?= 'a'",
      [`@collection.cats.score ?> 1 false: 1 in cats/c1, 1`],
    ],
    [
      "names the first of several",
      "@collection.cats.name ?= 'red' && @collection.cats.score ?= 3",
      [`@collection.cats.score ?= 3 false: 1 in cats/c1, 3`],
    ],
    [
      "lists the values where none will do",
      "@collection.cats.name ?= 'green' && @collection.cats.score ?= 3",
      [`@collection.cats.name ?= 'green' false: ["red","red","blue"], "green"`],
    ],
    [
      "takes a row for each alternative of the whole",
      "(@collection.cats.name ?= 'red' && @collection.cats.score ?= 3) || (@collection.cats:x.score ?> 1 && @collection.cats:x.score ?> 2 && @collection.cats:x.active ?= true)",
      [
        `@collection.cats.score ?= 3 false: 1 in cats/c1, 3`,
        `@collection.cats:x.active ?= true false: [0,0,0], 1`,
      ],
    ],
    [
      "lists no values beside others of the same row",
      "@collection.cats.name ?= @collection.cats.parent",
      [`@collection.cats.name ?= @collection.cats.parent false: "red" in cats/c1, "c9" in cats/c1`],
    ],
    [
      "lists no values beside what is not at hand",
      "@collection.cats.name ?= @request.auth.gone",
      [`@collection.cats.name ?= @request.auth.gone missing: "red" in cats/c1, undefined`],
    ],
    [
      "takes one row for what is within &&",
      `${ofAuth} && (@collection.cats.score ?= 1 || @collection.cats.score ?= 2)`,
      [
        `@collection.cats.score ?= 1 false: 3 in cats/c3, 1`,
        `@collection.cats.score ?= 2 false: 3 in cats/c3, 2`,
      ],
    ],
    [
      "names what a row that passes is held back by besides",
      `${ofAuth} && title = 'x'`,
      [`title = 'x' false: "red", "x"`],
    ],
    [
      "of all values names the row that breaks it",
      "@collection.cats.name = title",
      [`@collection.cats.name = title false: "blue" in cats/c3, "red"`],
    ],
    [
      "of all values on both sides names both rows",
      "@collection.cats.name = @collection.cats:x.name",
      [`@collection.cats.name = @collection.cats:x.name false: "red" in cats/c1, "blue" in cats/c3`],
    ],
    [
      "of all values within lists",
      "cats.opts:each = 'a'",
      [`cats.opts:each = 'a' false: "b" in cats/c1, "a"`],
    ],
    ["of all elements of a list", "tags:each = 'x'", [`tags:each = 'x' false: "y", "x"`]],
    [
      "names a single related row",
      "author.name = 'Ann'",
      [`author.name = 'Ann' false: "Bob" in users/u2, "Ann"`],
    ],
    [
      "says that there is none",
      "author.team.name = 'x'",
      [`author.team.name = 'x' unknown: null in teams/null, "x"`],
    ],
    [
      "names the row on the right",
      "title = author.name",
      [`title = author.name false: "red", "Bob" in users/u2`],
    ],
  ])("%s: %s", (_, text, expected) => {
    expect(explain(text)).toEqual(expected);
  });

  test("says where there is no row at all", () => {
    expect(explain(ofTitle, { rows: [] })).toEqual([`${ofTitle} false: null in cats/null, "red"`]);
  });

  test("does not say that no value will do where one is too much work", () => {
    const rows = ["a", "x".repeat(6_000_000)].map((name, index) => ({ id: `c${index}`, name }));
    const text = "@collection.cats.name ?~ '%b%'";
    expect(explain(text, { rows })).toEqual([`${text} false: "a" in cats/c0, "%b%", of some`]);
  });

  test("shows no e-mail that is not for filters", () => {
    const told = explain("editors.email ?= 'x'", { kind: "filter" });
    expect(told).toEqual([`editors.email ?= 'x' false: "a@b.c" in users/u1, "x"`]);
  });

  test("tells the list rule of a joined row for that row", () => {
    const guarded = { ...schema, find: (key: string) => withListRule(schema.find(key)) };
    const filter = compileRule("cats.name ?= 'blue'", { schema: guarded, collection: posts, kind: "filter" });
    const told = filter.explain(subjectWith(cats)).flatMap(({ text, left }) => `${text} ${print(left)}`);
    expect(told).toEqual(["id = '' \"c3\" in cats/c3", "opts:each = 'a' \"c\" in cats/c3"]);
  });

  test("finds the row of whoever asks among more than can be looked at, quickly, and says so", () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => ({
      id: `c${index}`,
      name: "red",
      parent: "x",
    }));
    rows.push({ id: "mine", name: "blue", parent: "u1" });
    const text = `${ofTitle} && ${ofAuth}`;
    expect(explain(text, { rows })).toEqual([`${ofTitle} false: "blue" in cats/mine, "red", of some`]);
    expect(callMs(() => explain(text, { rows }), 500)).toBeLessThan(500);
  });
});

function withListRule(collection: ReturnType<typeof schema.find>): typeof collection {
  return collection?.name === "cats" ? { ...collection, listRule: "opts:each = 'a'" } : collection;
}
