import { describe, expect, test } from "vitest";
import { SeededChoice } from "../../../test/harness/seeded-choice.ts";
import type { SqlSide } from "../../../test/vectors/comparison-sql.ts";
import { type Post, PostsTable } from "../../../test/vectors/posts-table.ts";
import { type CompiledRule, compileRule, type RuleCollection, type Subject } from "./index.ts";

const types = {
  title: "text",
  total: "number",
  flag: "bool",
  tags: "select",
  data: "json",
  place: "geoPoint",
};

const posts: RuleCollection = {
  id: "posts_id",
  name: "posts",
  type: "base",
  listRule: "",
  fields: Object.entries(types).map(([name, type]) => ({
    name,
    type,
    multiple: name === "tags",
    hidden: false,
  })),
};

const users: RuleCollection = { id: "users_id", name: "users", type: "auth", listRule: "", fields: [] };

const schema = { find: (key: string) => [posts, users].find(({ id }) => id === key) };

/** One side of a comparison: in a rule, and as PocketBase resolves it. */
interface Operand {
  readonly rule: string;
  readonly side: (subject: Subject) => SqlSide;
}

function expression(rule: string, sql = rule): Operand {
  return { rule, side: () => ({ sql }) };
}

function literal(rule: string, bound: SqlSide["bound"]): Operand {
  return { rule, side: () => ({ sql: "?", bound }) };
}

/** NULL where the request does not bring it. */
function requested(rule: string, read: (subject: Subject) => SqlSide["bound"]): Operand {
  return {
    rule,
    side: (subject) => ({ sql: read(subject) === undefined ? "NULL" : "?", bound: read(subject) }),
  };
}

function json(rule: string, field: string, path: string): Operand {
  const wrapped = `JSON_EXTRACT(json_object('pb', ${field}), '$.pb${path}')`;
  const sql = `(CASE WHEN json_valid(${field}) THEN JSON_EXTRACT(${field}, '$${path}') ELSE ${wrapped} END)`;
  return { rule, side: () => ({ sql, isJson: true }) };
}

const length = `(CASE WHEN iif(json_valid(tags), json_type(tags) = 'array', FALSE)
  THEN json_array_length(tags) ELSE iif(tags = '' OR tags IS NULL, 0, 1) END)`;

const columns: readonly Operand[] = [
  ...["title", "total", "flag", "tags", "place"].map((name) => expression(name)),
  expression("tags:length", length),
  expression("title:lower", "LOWER(title)"),
  expression("total:lower", "LOWER(total)"),
  json("data", "data", ""),
  json("data.k", "data", ".k"),
  json("data.1", "data", "[1]"),
  json("place.lon", "place", ".lon"),
];

const literals: readonly Operand[] = [
  expression("null", "NULL"),
  expression("true", "1"),
  expression("false", "0"),
  ...["", "10", "10.0", "1", "a", "A%", "_", "0", " 1.5 "].map((text) => literal(`'${text}'`, text)),
  ...[10, 1.5, 0, -3].map((number) => literal(String(number), number)),
  literal("@todayStart", "2024-05-17 00:00:00.000Z"),
  literal("@hour", 13n),
];

const requests: readonly Operand[] = [
  requested("@request.auth.id", ({ request: { auth } }) => (auth ? String(auth["id"]) : undefined)),
  requested("@request.auth.verified", ({ request: { auth } }) => auth && auth["verified"] === true),
  requested("@request.query.k", ({ request: { query } }) => query["k"]),
  requested("@request.query.k:lower", ({ request: { query } }) => query["k"]?.toLowerCase()),
  // a number because posts has a number field of that name
  requested("@request.query.total", ({ request: { query } }) => {
    const { total } = query;
    return total === undefined || total === "" || Number.isNaN(Number(total)) ? total : Number(total);
  }),
  {
    rule: "@request.query.k:isset",
    side: ({ request: { query } }) => ({ sql: query["k"] === undefined ? "FALSE" : "TRUE" }),
  },
];

const operators = ["=", "!=", ">", ">=", "<", "<=", "~", "!~"];

const jsonTexts = 'null|""|"10"|10|1.5|true|false|"a"|{"k":"10"}|{"k":10}|{"k":null}|[1,"a"]'.split("|");

/** Records and requests whose values are alike and of different types. */
class RandomSubject extends SeededChoice {
  subject(): Subject & { record: Post } {
    const auth = { id: this.of(["10", "a", ""]), collectionId: "users_id", verified: this.chance(0.5) };
    return {
      record: this.record(),
      request: { auth: this.chance(0.5) ? auth : undefined, query: this.query(), headers: {} },
      nowMs: Date.UTC(2024, 4, 17, 13, 45, 6, 789),
    };
  }

  record(): Post {
    return {
      title: this.of(["", "10", "10.0", "1", "a", "A%", "0", " 10 ", "é", "1.5", "[]", "13", "a\\"]),
      total: this.of([0, 1, 10, 1.5, -3, 1e20, 13, 0.1 + 0.2]),
      flag: this.chance(0.5),
      tags: this.of([[], ["10"], ["a", "b"], ["<&>"]]),
      data: JSON.parse(this.of(jsonTexts)),
      place: this.of([
        { lon: 0, lat: 0 },
        { lon: 10, lat: 1.5 },
      ]),
    };
  }

  query(): Record<string, string> {
    const [k, total] = [this.of(["", "10", "a", "A%", "1.5"]), this.of(["", "10", "1.50", "x"])];
    return { ...(this.chance(0.7) ? { k } : {}), ...(this.chance(0.7) ? { total } : {}) };
  }
}

const table = new PostsTable();

function compile(left: string, operator: string, right: string): CompiledRule {
  return compileRule(`${left} ${operator} ${right}`, { schema, collection: posts, kind: "rule" });
}

function verdictOf(rule: CompiledRule, subject: Subject): string {
  return rule.decide(subject) === true ? "true" : (rule.explain(subject)[0]?.verdict ?? "none");
}

const operands = [...columns, ...literals, ...requests];

describe.each(operators)("%s", (operator) => {
  test("has the verdict of SQLite for any two sides", () => {
    const random = new RandomSubject(6);
    const pairs = operands.flatMap((left) =>
      operands.map((right) => ({ left, right, rule: compile(left.rule, operator, right.rule) })),
    );
    for (let round = 0; round < 16; round++) {
      const subject = random.subject();
      table.store(subject.record);
      const wrong = pairs
        .map(({ left, right, rule }) => ({
          rule: rule.text,
          got: verdictOf(rule, subject),
          expected: table.decide(left.side(subject), operator, right.side(subject)),
        }))
        .filter(({ got, expected }) => got !== expected);
      expect({ wrong, subject }).toEqual({ wrong: [], subject });
    }
  });

  test("holds for one element, or for all, where SQLite says so", () => {
    const random = new RandomSubject(8);
    const pairs = operands.flatMap((other) => [
      {
        other,
        any: compile("tags:each", `?${operator}`, other.rule),
        all: compile("tags:each", operator, other.rule),
      },
    ]);
    for (let round = 0; round < 60; round++) {
      const subject = random.subject();
      table.store(subject.record);
      const wrong = pairs
        .map(({ other, any, all }) => ({
          rule: all.text,
          got: [any.decide(subject), all.decide(subject)],
          expected: table.decideTags(operator, other.side(subject)),
        }))
        .filter(({ got, expected }) => got.join() !== expected.join());
      expect({ wrong, subject }).toEqual({ wrong: [], subject });
    }
  });
});

test.each(["?= 'a'", "= 'a'", "?> 'a'", "?!~ 'a'", "?= @request.query.k"])(
  "tags:each %s is unknown for a record without tags",
  (rest) => {
    const subject = { record: {}, request: { query: { k: "a" }, headers: {} }, nowMs: 0 };
    expect(verdictOf(compile("tags:each", "", rest), subject)).toBe("unknown");
  },
);

test.each([
  ["=", ["a"], true],
  ["=", ["a", "b"], false],
  ["?=", ["a", "b"], true],
  ["!=", ["a", "b"], false],
  [">=", ["a", "b"], false],
])("tags:each %s tags:each compares every two of %j: %s", (operator, tags, decision) => {
  const subject = { record: { tags }, request: { query: {}, headers: {} }, nowMs: 0 };
  expect(compile("tags:each", operator, "tags:each").decide(subject)).toBe(decision);
});
