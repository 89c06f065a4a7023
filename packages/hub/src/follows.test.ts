import { expect, test } from "vitest";
import { openRecordingHub, posts, users } from "../../../test/harness/recording-hub.ts";

const related = {
  ...posts,
  fields: [...posts.fields, { name: "team", type: "relation", collectionId: "teams" }],
};
const teams = { id: "teams", name: "teams", fields: [{ name: "name", type: "text" }] };

test.each<[what: string, collections: readonly object[], expected: readonly string[]]>([
  ["none that nothing takes", [posts, users, teams], []],
  ["one that says so itself", [posts, users, { ...teams, follow: true }], ["teams"]],
  ["one that a list rule takes", [{ ...related, listRule: "team.name = 'x'" }, users, teams], ["teams"]],
  ["one that a view rule takes", [{ ...posts, viewRule: "@collection.teams.name ?= 'x'" }, teams], ["teams"]],
  [
    "auth collections where a rule reads who asks",
    [{ ...posts, listRule: "@request.auth.role = 'x'" }, users, teams],
    ["users_id"],
  ],
  [
    "what a rule takes from who asks",
    [
      { ...posts, listRule: "@request.auth.team.name = 'x'" },
      { ...users, fields: [{ name: "team", type: "relation", collectionId: "teams" }] },
      teams,
    ],
    ["teams", "users_id"],
  ],
  ["none for the id of who asks", [{ ...posts, listRule: "@request.auth.id = title" }, users, teams], []],
])("the collections that are followed are: %s", (_, collections, expected) => {
  const { hub } = openRecordingHub(collections.map((collection) => ({ ...collection })));
  expect([...hub.follows()].toSorted()).toEqual(expected);
});
