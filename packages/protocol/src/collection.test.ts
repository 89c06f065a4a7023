import { describe, expect, test } from "vitest";
import { parseCollections, superusers } from "./collection.ts";
import { CollectionSet } from "./collection-set.ts";

describe("collections", () => {
  test("are read from PocketBase's export, what events do not need is left", () => {
    const exported = {
      id: "pbc_1",
      name: "posts",
      type: "base",
      system: false,
      listRule: null,
      viewRule: "",
      createRule: "x",
      indexes: [],
      fields: [
        { id: "f1", name: "id", type: "text", hidden: false, required: true },
        { name: "tags", type: "select", maxSelect: 2, values: ["a"] },
        { name: "notes", type: "text", hidden: true },
        { name: "author", type: "relation", maxSelect: 1 },
      ],
    };
    const field = { hidden: false, multiple: false };
    expect(parseCollections([exported])).toEqual({
      problems: [],
      collections: [
        {
          id: "pbc_1",
          name: "posts",
          type: "base",
          listRule: null,
          viewRule: "",
          fields: [
            { ...field, name: "id", type: "text" },
            { ...field, name: "tags", type: "select", multiple: true },
            { ...field, name: "notes", type: "text", hidden: true },
            { ...field, name: "author", type: "relation" },
          ],
        },
      ],
    });
  });

  test.each([
    ["base", "posts", "pbc_1125843985"],
    ["auth", superusers.name, superusers.id],
  ])("without an id get the one that PocketBase gives: %s %s is %s", (type, name, id) => {
    expect(parseCollections([{ name, type, fields: [] }]).collections[0]).toMatchObject({ id, name });
  });

  test.each([
    [{}, "expected an array of collections, got an object"],
    [[5], "[0]: expected a collection object, got a number"],
    [[{ fields: [] }], "[0].name: expected a non-empty string, got nothing"],
    [
      [{ name: "a", type: "table", fields: [] }],
      '[0] "a".type: expected "base", "auth" or "view", got "table"',
    ],
    [[{ name: "a", listRule: 5, fields: [] }], '[0] "a".listRule: expected a string or null, got a number'],
    [[{ name: "a", viewRule: {}, fields: [] }], '[0] "a".viewRule: expected a string or null, got an object'],
    [[{ name: "a" }], '[0] "a".fields: expected an array of fields, got nothing'],
    [
      [{ name: "a", fields: [{ name: "x" }] }],
      '[0] "a".fields[0]: expected an object with name and type, got an object',
    ],
    [
      [
        { name: "a", fields: [] },
        { name: "a", id: "b", fields: [] },
      ],
      'expected each name and id once, got "a" twice',
    ],
  ])("%j is refused: %s", (value, problem) => {
    expect(parseCollections(value).problems).toEqual([problem]);
  });

  test("that are bad are named, those beside them are read", () => {
    const { collections, problems } = parseCollections([{ name: "a" }, { name: "b", fields: [] }, null]);
    expect(collections.map(({ name }) => name)).toEqual(["b"]);
    expect(problems).toHaveLength(2);
  });
});

test("a set finds its collections by name and by id, in any case but another", () => {
  const { collections } = parseCollections([{ id: "id1", name: "posts", fields: [] }]);
  const set = new CollectionSet(collections);
  expect([set.find("posts")?.id, set.find("id1")?.name]).toEqual(["id1", "posts"]);
  expect([set.find("Posts"), set.find("")]).toEqual([undefined, undefined]);
  expect([...set]).toEqual(collections);
});
