import { describe, expect, test } from "vitest";
import { compileRule, type Decision, type RuleCollection, type RuleField } from "./index.ts";

function field(name: string, type: string, more: Partial<RuleField> = {}): RuleField {
  return { name, type, multiple: false, hidden: false, ...more };
}

const posts: RuleCollection = {
  id: "posts_id",
  name: "posts",
  type: "base",
  listRule: "",
  fields: [
    field("owner", "relation", { target: "users" }),
    field("title", "text"),
    field("public", "bool"),
    field("score", "number"),
    field("tags", "select", { multiple: true }),
    field("data", "json"),
  ],
};

const users: RuleCollection = {
  id: "users_id",
  name: "users",
  type: "auth",
  listRule: "",
  fields: [
    field("role", "select"),
    field("level", "number"),
    field("teams", "relation", { multiple: true, target: "posts" }),
    field("team", "relation", { target: "posts" }),
    field("prefs", "json"),
  ],
};

const schema = { find: (key: string) => [posts, users].find(({ id, name }) => id === key || name === key) };

type Json = Readonly<Record<string, unknown>>;

const ann: Json = { id: "ann", collectionId: "users_id", collectionName: "users" };

function rule(text: string) {
  return compileRule(text, { schema, collection: posts, kind: "rule" });
}

function decide(text: string, { record = {}, auth }: { record?: Json; auth?: Json | undefined }): Decision {
  return rule(text).decide({ record, request: { auth, query: {}, headers: {} }, nowMs: 0 });
}

describe("a claim of the token", () => {
  test.each<[text: string, claims: Json, decision: Decision]>([
    ["@request.auth.role = 'admin'", { role: "admin" }, true],
    ["@request.auth.role = 'admin'", { role: "guest" }, false],
    ["@request.auth.role = 'admin'", {}, "undecidable"],
    ["@request.auth.role != 'admin'", {}, "undecidable"],
    ["@request.auth.level > 3", { level: 4 }, true],
    ["@request.auth.level = '4'", { level: 4 }, true],
    ["@request.auth.teams:each ?= 't1'", { teams: ["t0", "t1"] }, true],
    ["@request.auth.teams:each = 't1'", { teams: ["t0", "t1"] }, false],
    ["@request.auth.teams:length = 2", { teams: ["t0", "t1"] }, true],
    ["@request.auth.team.id = 't1'", { team: "t1" }, true],
    ["@request.auth.prefs.theme = 'dark'", { prefs: { theme: "dark" } }, true],
    ["@request.auth.role:lower = 'admin'", { role: "ADMIN" }, true],
    ["@request.auth.email = 'a@b.c'", { email: "a@b.c" }, true],
    ["@request.auth.email = 'a@b.c'", {}, "undecidable"],
    ["@request.auth.verified = true", { verified: true }, true],
  ])("%s is decided over %j as %s", (text, claims, decision) => {
    expect(decide(text, { auth: { ...ann, ...claims } })).toBe(decision);
  });

  test.each<[text: string, claims: Json, decision: Decision]>([
    ["@request.auth.plan = 'pro'", { plan: "pro" }, true],
    ["@request.auth.plan = 'pro'", {}, "undecidable"],
    ["@request.auth.quota > 10", { quota: 11 }, true],
    ["@request.auth.app.tenant.id = title", { app: { tenant: { id: "t" } } }, true],
    ["@request.auth.groups ~ 'staff'", { groups: ["staff"] }, true],
    ["@request.auth.groups:each ?= 'staff'", { groups: ["other", "staff"] }, true],
    ["@request.auth.groups:length = 1", { groups: ["staff"] }, true],
    ["@request.auth.collectionName:lower = 'users'", {}, false],
  ])("%s, which no field declares, is decided over %j as %s", (text, claims, decision) => {
    expect(decide(text, { record: { title: "t" }, auth: { ...ann, ...claims } })).toBe(decision);
  });

  test("of an auth collection that nobody knows is what its JSON says", () => {
    const auth = { id: "a", collectionId: "elsewhere", collectionName: "elsewhere", role: "admin" };
    expect(decide("@request.auth.role = 'admin'", { auth })).toBe(true);
  });

  test("whose path is broken fails, and only for those who have it", () => {
    expect(decide("@request.auth.prefs..a = 1", { auth: ann })).toBe("failed");
    expect(decide("@request.auth.prefs..a = 1", {})).toBe(false);
    expect(
      rule("@request.auth.prefs..a = 1").explain({
        record: {},
        request: { auth: ann, query: {}, headers: {} },
        nowMs: 0,
      }),
    ).toEqual([]);
  });

  test("is NULL for guests, whatever its path", () => {
    expect(decide("@request.auth.role = ''", {})).toBe(true);
    expect(decide("@request.auth.team.owner.role = 'x'", {})).toBe(false);
  });

  test.each(["@request.auth.team.title = 't'", "@request.auth.posts_via_owner.id ?= 'p'"])(
    "that leads to other records is not decided: %s",
    (text) => {
      expect(decide(text, { auth: { ...ann, team: "t1" } })).toBe("undecidable");
    },
  );
});

describe("what is missing", () => {
  test.each<[text: string, decision: Decision]>([
    ["@request.auth.role = 'admin' || owner = @request.auth.id", true],
    ["owner = @request.auth.id || @request.auth.role = 'admin'", true],
    ["@request.auth.role = 'admin' && public = true", false],
    ["public = true && @request.auth.role = 'admin'", false],
    ["@request.auth.role = 'admin' && owner = @request.auth.id", "undecidable"],
    ["@request.auth.role = 'admin' || title > null", "undecidable"],
    ["tags:each ?= 'b' || @request.auth.role = 'admin'", true],
    ["tags:each ?= 'c' || @request.auth.role = 'admin'", "undecidable"],
    ["strftime('%Y', @request.auth.born) = '2000'", "undecidable"],
  ])("counts only where it could matter: %s is %s", (text, decision) => {
    expect(decide(text, { record: { owner: "ann", tags: ["a", "b"] }, auth: ann })).toBe(decision);
  });
});

test.each<[text: string, constant: boolean | undefined]>([
  ["1 = 1", true],
  ["1 = 2", false],
  ["null > 1", false],
  ["true = true || owner = @request.auth.id", true],
  ["1 = 2 && owner = @request.auth.id", false],
  ["1 = 1 && owner = @request.auth.id", undefined],
  ["@request.method = 'GET'", true],
  ["@request.context = 'default'", false],
  ["@request.body.title:isset = true", false],
  ["@request.query.a = ''", undefined],
  ["@now > ''", undefined],
  ["strftime('%Y') > '2000'", undefined],
  ["1 = 1 || owner.role = 'x'", true],
])("%s always says %s", (text, constant) => {
  expect(rule(text).constant).toBe(constant);
});

test.each(["realtime", "expand", undefined] as const)("the context %s is what a rule reads", (context) => {
  const place = { schema, collection: posts, kind: "rule", ...(context && { context }) } as const;
  const subject = { record: {}, request: { query: {}, headers: {} }, nowMs: 0 };
  const passes = ["realtime", "expand"].map((value) =>
    compileRule(`@request.context = '${value}'`, place).decide(subject),
  );
  expect(passes).toEqual([context !== "expand", context === "expand"]);
});

test.each(["tokenKey", "password", "pin"])(
  "P6: a filter may not name %s of an auth collection, even where the collection shows it",
  (name) => {
    const fields = [field("tokenKey", "text"), field("password", "password"), field("pin", "password")];
    const collection: RuleCollection = { ...users, fields };
    const find = (key: string) => (key === "users" ? collection : schema.find(key));
    const place = { schema: { find }, kind: "filter" } as const;
    const code = "forbidden";
    expect(() => compileRule(`${name} ~ 'a%'`, { ...place, collection })).toThrow(
      expect.objectContaining({ code }),
    );
    expect(() => compileRule(`owner.${name} ~ 'a%'`, { ...place, collection: posts })).toThrow(
      expect.objectContaining({ code }),
    );
  },
);

describe("a rule that guests pass by something empty", () => {
  test.each<[text: string, where: readonly string[]]>([
    ["owner = @request.auth.id", ["owner = @request.auth.id"]],
    ["@request.auth.id = owner", ["@request.auth.id = owner"]],
    ["tags:each ?= @request.auth.id", ["tags:each ?= @request.auth.id"]],
    ["title = @request.auth.team && public = true", ["title = @request.auth.team"]],
    ["public = true || (owner = @request.auth.id && score > 1)", ["owner = @request.auth.id"]],
    ["@request.auth.id != '' && owner = @request.auth.id", []],
    ["@request.auth.id != null && (public = true || owner = @request.auth.id)", []],
    ["@request.auth.verified = true && owner = @request.auth.id", []],
    ["public = true || (owner = @request.auth.id && @request.auth.id != '')", []],
    ["owner = @request.auth.id && (@request.auth.id != '' || public = true)", ["owner = @request.auth.id"]],
    ["public = @request.auth.verified", []],
    ["score = @request.auth.level", []],
    ["owner ~ @request.auth.id", []],
    ["owner != @request.auth.id", []],
    ["owner = 'x'", []],
    ["owner = @request.query.owner", []],
  ])("%s is told where", (text, where) => {
    expect(rule(text).quirks.map(({ start, end }) => text.slice(start, end))).toEqual(where);
  });
});

describe("an explanation", () => {
  const record = { owner: "bob", title: "t", tags: ["a", "b"], score: 2 };

  function explain(text: string, auth?: Json) {
    return rule(text)
      .explain({ record, request: { auth, query: {}, headers: {} }, nowMs: 0 })
      .map(({ text: part, verdict, left, right }) => [part, verdict, left.value, right.value]);
  }

  test("names the conjunct that failed, with the values of both sides", () => {
    expect(explain("title = 't' && owner = @request.auth.id && score > 5", ann)).toEqual([
      ["owner = @request.auth.id", "false", "bob", "ann"],
    ]);
  });

  test("names all alternatives, for each failed", () => {
    expect(explain("owner = @request.auth.id || (score > 5 && title = 't') || public = true", ann)).toEqual([
      ["owner = @request.auth.id", "false", "bob", "ann"],
      ["score > 5", "false", 2, 5],
      ["public = true", "false", 0, 1],
    ]);
  });

  test("tells unknown from false, missing from unknown", () => {
    expect(explain("title > @request.auth.id")).toEqual([["title > @request.auth.id", "unknown", "t", null]]);
    expect(explain("title = @request.auth.role", ann)).toEqual([
      ["title = @request.auth.role", "missing", "t", undefined],
    ]);
  });

  test("prefers what makes the whole false to what leaves it unknown", () => {
    expect(explain("title > @request.auth.id && score > 5")).toEqual([["score > 5", "false", 2, 5]]);
  });

  test("shows all values of a multiple operand", () => {
    expect(explain("tags:each ?= 'c'")).toEqual([["tags:each ?= 'c'", "false", ["a", "b"], "c"]]);
  });

  test("names what cannot be carried out", () => {
    expect(explain(`title ~ '${"x".repeat(60_000)}'`)[0]?.[1]).toBe("failed");
  });

  test("of a rule that passes is empty", () => {
    expect(explain("title = 't'")).toEqual([]);
  });

  test("tells what is in records that are not at hand", () => {
    expect(explain("owner.role = 'x'")).toEqual([["owner.role = 'x'", "missing", undefined, "x"]]);
  });
});
