import { guest, type Identity, type JsonObject } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import {
  type Asking,
  type Collections,
  rows,
  ask,
  expandOf,
  ann,
  publicAnn,
  mailAnn,
  one,
  two,
  member,
  withExpand,
} from "../../../test/harness/expanding-hub.ts";
import { superuser, user } from "../../../test/harness/recording-hub.ts";

const under = (name: string, rule: JsonObject): Asking => ({ overrides: { [name]: rule } });

const shownTo = (who: Identity, manageRule: string | null, row: JsonObject = {}): string | undefined =>
  expandOf("author", {
    who,
    overrides: { users: { manageRule } },
    followed: { users: [{ id: "u1", email: "u1@x.org", phone: "1", team: "m1", password: "x", ...row }] },
  });

describe("the view rule of an expanded collection", () => {
  test.each<[rule: string | null, who: Identity, expected: string | undefined]>([
    [null, guest, undefined],
    [null, user("u1"), undefined],
    ["", guest, `{"tags":[${two},${one}]}`],
    ["label = 'two'", guest, `{"tags":[${two}]}`],
    ["label = 'none'", guest, "{}"],
    ["@request.auth.id = 'u1'", guest, "{}"],
    ["@request.auth.id = 'u1'", user("u1"), `{"tags":[${two},${one}]}`],
    ["@request.context = 'expand'", guest, `{"tags":[${two},${one}]}`],
    ["@request.context = 'realtime'", guest, "{}"],
    ["@request.query.key = 'q' && @request.headers.x_key = 'k'", guest, `{"tags":[${two},${one}]}`],
    ["label = ", guest, undefined],
    ["nowhere = ''", guest, undefined],
  ])("P6: %j decides which rows come for a subscriber", (viewRule, who, expected) => {
    expect(expandOf("tags", { who, query: { key: "q" }, ...under("tags", { viewRule }) })).toBe(expected);
  });

  test("P6: that fails on a row takes the whole path", () => {
    const followed = { ...rows, tags: [{ id: "t1", label: "x".repeat(60_000) }, { id: "t2" }] };
    const asking = { ...under("tags", { viewRule: "id ~ label" }), followed };
    expect(ask("tags", asking).denied).toEqual(["expand-failed"]);
    expect(expandOf("tags", asking)).toBeUndefined();
  });

  test.each([null, "label = 'none'", "label = "])(
    "P1: %j does not keep superusers from any row",
    (viewRule) => {
      const found = expandOf("tags", { who: superuser, ...under("tags", { viewRule }) });
      expect(found).toBe(`{"tags":[${two},${one}]}`);
    },
  );

  test("P6: that forbids a step takes the whole path, its first level too", () => {
    expect(expandOf("author.team", under("teams", { viewRule: null }))).toBeUndefined();
    expect(expandOf("author.team", under("teams", { viewRule: "id = 'none'" }))).toBe(
      `{"author":${withExpand(publicAnn, "{}")}}`,
    );
    const hiddenAuthors = { users: { viewRule: "id = 'none'" }, teams: { viewRule: null } };
    expect(expandOf("author.team", { overrides: hiddenAuthors })).toBe("{}");
  });

  test.each<[viewRule: string, expected: string]>([
    ["team.name = 'M'", publicAnn],
    ["team.name = 'N'", ""],
    ["posts_via_author.id ?= 'p1' && @collection.tags.label ?= 'two'", publicAnn],
    ["@request.auth.team.name = 'M'", ""],
  ])("P6: may take other rows: %s", (viewRule, expected) => {
    const found = expandOf("author", under("users", { viewRule }));
    expect(found).toBe(expected === "" ? "{}" : `{"author":${expected}}`);
  });

  test("P6: that takes rows which are not at hand fails the path", () => {
    const { users = [] } = rows;
    const asking = { ...under("users", { viewRule: "team.name = 'M'" }), followed: { users } };
    expect(ask("author", asking).denied).toEqual(["expand-undecidable"]);
    expect(expandOf("author", asking)).toBeUndefined();
  });

  test("the list rule has no say", () => {
    expect(expandOf("tags", under("tags", { listRule: null }))).toBe(`{"tags":[${two},${one}]}`);
  });
});

describe("an expanded auth record", () => {
  const otherCollection = { ...user("u1"), collectionId: "clients" };

  test.each<[what: string, who: Identity, manageRule: string | null, row: JsonObject, expected: string]>([
    ["a guest", guest, null, {}, publicAnn],
    ["another record", member("u2"), null, {}, publicAnn],
    ["that id of another collection", otherCollection, null, {}, publicAnn],
    ["the record itself", member("u1"), null, {}, mailAnn],
    ["anybody where it is visible", guest, null, { emailVisibility: true }, mailAnn],
    ["a manager", member("boss"), "@request.auth.id = 'boss'", {}, mailAnn],
    ["no manager", member("u2"), "@request.auth.id = 'boss'", {}, publicAnn],
    ["a broken manage rule", member("u2"), "id =", {}, publicAnn],
    ["the manage rule of an expansion", guest, "@request.context = 'expand'", {}, mailAnn],
    ["a superuser", superuser, null, {}, ann.replace('"id"', '"email":"u1@x.org","id"')],
  ])("P6: shows its e-mail and what is hidden as it may: %s", (_, who, manageRule, row, expected) => {
    expect(shownTo(who, manageRule, row)).toBe(`{"author":${expected}}`);
  });
});

describe("what is not at hand", () => {
  const { users, tags } = rows;

  test("P6: fails its path, for superusers too, and is counted", () => {
    const followed = users === undefined ? {} : { users };
    for (const who of [guest, superuser]) {
      expect(ask("tags", { followed, who }).json).not.toContain("expand");
      expect(ask("tags", { followed, who }).denied).toEqual(["expand-undecidable"]);
      expect(expandOf("author,tags", { followed, who })).toMatch(/^\{"author":/);
    }
  });

  test("P6: in a view rule fails the path", () => {
    const overrides = { tags: { viewRule: "@request.auth.role = 'x' && label.x = ''" } };
    const followed = tags === undefined ? {} : { tags };
    const claimless = { tags: { viewRule: "@request.auth.role = 'x'" } };
    expect(ask("tags", { overrides, followed }).denied).toEqual(["expand-refused"]);
    expect(ask("tags", { overrides: claimless, followed, who: member("u1") }).denied).toEqual([
      "expand-undecidable",
    ]);
  });

  test.each<[expand: string, overrides: Collections, reason: string]>([
    ["nowhere", {}, "expand-refused"],
    ["tags", { tags: { viewRule: null } }, "expand"],
    ["tags", { tags: { viewRule: "label = " } }, "expand-refused"],
  ])("P6: a path that fails is counted by why: expand=%s of %j is %s", (expand, overrides, reason) => {
    expect(ask(expand, { overrides }).denied).toEqual([reason]);
  });
});
