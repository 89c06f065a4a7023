import { expect, test } from "vitest";
import { parseCollections } from "./collection.ts";
import { CollectionSet } from "./collection-set.ts";

const { collections } = parseCollections([
  { id: "posts_id", name: "posts", fields: [] },
  { id: "users_id", name: "users", type: "auth", fields: [] },
]);

test.each([
  ["posts", "posts"],
  ["posts_id", "posts"],
  ["users", "users"],
  ["users_id", "users"],
  ["Posts", undefined],
  ["POSTS_ID", undefined],
  ["", undefined],
  ["__proto__", undefined],
])("%j finds the collection %s", (nameOrId, name) => {
  expect(new CollectionSet(collections).find(nameOrId)?.name).toBe(name);
});

test("a set lists each of its collections once, in their order", () => {
  expect([...new CollectionSet(collections)]).toEqual(collections);
});

test("a set of nothing finds nothing", () => {
  const empty = new CollectionSet();
  expect([empty.find("posts"), [...empty]]).toEqual([undefined, []]);
});
