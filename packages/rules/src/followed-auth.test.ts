import type { Decision, RecordRow, Subject } from "@sluice/rules";
import { describe, expect, test } from "vitest";
import { RowTable } from "../../../test/rules/row-table.ts";
import { compile } from "../../../test/rules/try-compile.ts";

const rows = new Map<string, readonly RecordRow[]>([
  ["pbc_users", [{ id: "ann", name: "Ann", roles: ["a", "b"], prefs: { theme: "dark" }, team: "t1" }]],
  ["pbc_teams", [{ id: "t1", name: "Red", owner: "ann", members: ["ann", "bob"] }]],
  ["pbc_posts", [{ id: "p1", author: "ann", title: "x" }]],
]);

function subjectOf(id: string | undefined, known = rows): Subject {
  const claims = { name: "of the token", plan: "gold", team: "t1" };
  const auth =
    id === undefined ? undefined : { ...claims, id, collectionId: "pbc_users", collectionName: "users" };
  return {
    record: { id: "p2", title: "Ann" },
    request: { auth, query: {}, headers: {} },
    records: new RowTable(known),
    nowMs: 0,
  };
}

describe("of an auth collection that is followed", () => {
  test.each<[text: string, ofAnn: Decision, ofOneDeleted: Decision, ofGuest: Decision]>([
    ["@request.auth.name = title", true, false, false],
    ["@request.auth.name = 'of the token'", false, false, false],
    ["@request.auth.name = ''", false, true, true],
    ["@request.auth.id = 'ann'", true, false, false],
    ["@request.auth.plan = ''", true, true, true],
    ["@request.auth.plan.of.what != ''", false, false, false],
    ["@request.auth.age = 0", true, false, false],
    ["@request.auth.roles:each ?= 'b'", true, false, false],
    ["@request.auth.roles:length = 2", true, false, false],
    ["@request.auth.roles:length = 0", false, true, false],
    ["@request.auth.prefs.theme = 'dark'", true, false, false],
    ["@request.auth.team.name = 'Red'", true, false, false],
    ["@request.auth.team.nothing = ''", true, true, true],
    ["@request.auth.team.members.id ?= 'bob'", false, false, false],
    ["@request.auth.team.members:each ?= 'bob'", true, false, false],
    ["@request.auth.posts_via_author.title ?= 'x'", true, false, false],
    ["@request.auth.posts_via_editors.title ?= 'x'", false, false, false],
    ["@request.auth.cats_via_parent.name = ''", true, true, true],
  ])("the row is read as it is now: %s", (text, ofAnn, ofOneDeleted, ofGuest) => {
    const rule = compile(text);
    const decisions = ["ann", "gone", undefined].map((id) => rule.decide(subjectOf(id)));
    expect(decisions).toEqual([ofAnn, ofOneDeleted, ofGuest]);
  });
});

test.each<[text: string, decision: Decision]>([
  ["@request.auth.name = 'of the token'", true],
  ["@request.auth.age = 0", "undecidable"],
  ["@request.auth.team.id = 't1'", true],
  ["@request.auth.team.name = 'Red'", "undecidable"],
  ["@request.auth.posts_via_author.title ?= 'x'", "undecidable"],
  ["@request.auth.team.name = 'Red' || 1 = 1", true],
])("where the auth collection is not followed, it is the token that counts: %s", (text, decision) => {
  const known = new Map([...rows].filter(([id]) => id !== "pbc_users"));
  expect(compile(text).decide(subjectOf("ann", known))).toBe(decision);
});

test.each<[text: string, follows: readonly string[], followsAuth: boolean]>([
  ["title = 'a' && @request.auth.id = author.id", [], false],
  ["author.name = 'a' && cats.parent.name ?= 'b'", ["cats", "users"], false],
  ["cats.id ?= 'a'", ["cats"], false],
  ["comments_via_post.posts.title = 'a'", ["comments", "posts"], false],
  ["@collection.teams.name ?= 'a' || 1 = 2", ["teams"], false],
  ["@request.auth.name = 'a'", [], true],
  ["@request.auth.id:lower = 'a'", [], true],
  ["@request.auth.team.owner.name = 'a'", ["teams", "users"], true],
  ["@request.auth.posts_via_author.cat.name ?= 'a'", ["cats", "posts"], true],
])("a rule tells what it follows: %s", (text, follows, followsAuth) => {
  const rule = compile(text);
  expect([...rule.follows].toSorted()).toEqual(follows.map((name) => `pbc_${name}`));
  expect(rule.followsAuth).toBe(followsAuth);
  expect(rule.lacks(undefined)).toBe(follows.length > 0);
  expect(rule.lacks(new RowTable(new Map(follows.map((name) => [`pbc_${name}`, []]))))).toBe(false);
});
