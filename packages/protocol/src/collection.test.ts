import { describe, expect, test } from "vitest";
import { parseCollections, superusers } from "./collection.ts";

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
        { name: "author", type: "relation", maxSelect: 1, collectionId: "users_id" },
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
          manageRule: null,
          follow: false,
          fields: [
            { ...field, name: "id", type: "text" },
            { ...field, name: "tags", type: "select", multiple: true },
            { ...field, name: "notes", type: "text", hidden: true },
            { ...field, name: "author", type: "relation", target: "users_id" },
          ],
        },
      ],
    });
  });

  test.each([
    ["base", "posts", "pbc_1125843985"],
    ["auth", superusers.name, superusers.id],
    ["auth", "_superusers", "pbc_3142635823"],
  ])("without an id get the one that PocketBase gives: %s %s is %s", (type, name, id) => {
    expect(parseCollections([{ name, type, fields: [] }]).collections[0]).toMatchObject({ id, name });
  });

  test.each([
    ["an empty id is computed", { id: "" }, { id: "pbc_1125843985" }],
    ["the type is base", {}, { type: "base" }],
    ["rules are null", {}, { listRule: null, viewRule: null }],
    ["rules of null are null", { listRule: null, viewRule: null }, { listRule: null, viewRule: null }],
    ["rules are kept as they are", { listRule: " a=1 ", viewRule: "" }, { listRule: " a=1 ", viewRule: "" }],
    ["nobody follows it", {}, { follow: false }],
    ["who follows it says so", { follow: true }, { follow: true }],
    ["views have a type of their own", { type: "view" }, { type: "view" }],
  ])("may leave much out: %s", (_, values, expected) => {
    const { collections, problems } = parseCollections([{ name: "posts", fields: [], ...values }]);
    expect(problems).toEqual([]);
    expect(collections).toEqual([expect.objectContaining(expected)]);
  });

  test.each([
    ["an auth collection's is kept", { type: "auth", authToken: { secret: "s", duration: 60 } }, "s"],
    ["one that the export leaves out is none", { type: "auth", authToken: { duration: 60 } }, undefined],
    ["an empty one is none", { type: "auth", authToken: { secret: "" } }, undefined],
    ["null is none", { type: "auth", authToken: { secret: null } }, undefined],
    ["no authToken is none", { type: "auth" }, undefined],
    ["another collection has none", { type: "base", authToken: { secret: "s" } }, undefined],
  ])("have a secret for tokens: %s", (_, values, secret) => {
    const { collections, problems } = parseCollections([{ name: "users", fields: [], ...values }]);
    expect([collections[0]?.authSecret, problems]).toEqual([secret, []]);
  });

  test.each([
    ["one value where maxSelect is missing", {}, { multiple: false }],
    ["one value up to a maxSelect of 1", { maxSelect: 1 }, { multiple: false }],
    ["several values from a maxSelect of 2", { maxSelect: 2 }, { multiple: true }],
    ["one value where maxSelect is no number", { maxSelect: "2" }, { multiple: false }],
    ["hidden where it says so", { hidden: true }, { hidden: true }],
    ["not hidden where it says so otherwise", { hidden: "true" }, { hidden: false }],
    ["of an unknown type", { type: "vector" }, { type: "vector" }],
  ])("have fields that are %s", (_, values, expected) => {
    const fields = [{ name: "f", type: "select", ...values }];
    expect(parseCollections([{ name: "posts", fields }]).collections[0]?.fields).toEqual([
      expect.objectContaining(expected),
    ]);
  });

  test.each<[index: unknown, unique: readonly string[] | undefined]>([
    ["CREATE UNIQUE INDEX `i` ON `posts` (`Slug`)", ["slug"]],
    ["create unique index if not exists i on posts(slug)", ["slug"]],
    ['CREATE UNIQUE INDEX "i" ON "posts" ("slug" COLLATE NOCASE DESC)', ["slug"]],
    ["CREATE UNIQUE INDEX `i`\nON `posts` (\n  [slug]\n)", ["slug"]],
    ["CREATE UNIQUE INDEX i ON posts (slug) WHERE slug != ''", ["slug"]],
    ["CREATE UNIQUE INDEX i ON posts (slug, title)", undefined],
    ["CREATE UNIQUE INDEX i ON posts (lower(slug))", undefined],
    ["CREATE INDEX i ON posts (slug)", undefined],
    ["DROP INDEX i", undefined],
    [5, undefined],
  ])("have unique fields by %j: %j", (index, unique) => {
    const { collections, problems } = parseCollections([{ name: "posts", fields: [], indexes: [index] }]);
    expect(problems).toEqual([]);
    expect(collections[0]?.unique).toEqual(unique);
  });

  test.each([
    [{}, "expected an array of collections, got an object"],
    [null, "expected an array of collections, got null"],
    ["[]", "expected an array of collections, got a string"],
    [[5], "[0]: expected a collection object, got a number"],
    [[[]], "[0]: expected a collection object, got an array"],
    [[{ fields: [] }], "[0].name: expected a non-empty string, got nothing"],
    [[{ name: "", fields: [] }], "[0].name: expected a non-empty string, got a string"],
    [[{ name: 5, fields: [] }], "[0].name: expected a non-empty string, got a number"],
    [[{ name: "a", type: 5, fields: [] }], '[0] "a".type: expected "base", "auth" or "view", got 5'],
    [
      [{ name: "a", type: "table", fields: [] }],
      '[0] "a".type: expected "base", "auth" or "view", got "table"',
    ],
    [[{ name: "a", listRule: 5, fields: [] }], '[0] "a".listRule: expected a string or null, got a number'],
    [[{ name: "a", viewRule: {}, fields: [] }], '[0] "a".viewRule: expected a string or null, got an object'],
    [
      [{ name: "a", type: "auth", authToken: "s3cret", fields: [] }],
      '[0] "a".authToken: expected an object, got a string',
    ],
    [
      [{ name: "a", type: "auth", authToken: { secret: ["s3cret"] }, fields: [] }],
      '[0] "a".authToken.secret: expected a string, got an array',
    ],
    [[{ name: "a", fields: [], follow: "yes" }], '[0] "a".follow: expected true or false, got "yes"'],
    [
      [{ name: "a", fields: [], indexes: {} }],
      '[0] "a".indexes: expected an array of CREATE INDEX texts, got an object',
    ],
    [[{ name: "a" }], '[0] "a".fields: expected an array of fields, got nothing'],
    [[{ name: "a", fields: {} }], '[0] "a".fields: expected an array of fields, got an object'],
    [
      [{ name: "a", fields: ["id"] }],
      '[0] "a".fields[0]: expected an object with name and type, got a string',
    ],
    [
      [{ name: "a", fields: [{ name: "x", type: "text" }, { type: "text" }] }],
      '[0] "a".fields[1]: expected an object with name and type, got an object',
    ],
    [
      [{ name: "a", fields: [{ name: "", type: "text" }] }],
      '[0] "a".fields[0]: expected an object with name and type, got an object',
    ],
    [
      [
        { name: "a", id: "1", fields: [] },
        { name: "b", id: "1", fields: [] },
      ],
      'expected each name and id once, got "1" twice',
    ],
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

  test("tell all their problems at once", () => {
    const bad = { name: "a", type: "x", listRule: 1, viewRule: [], fields: [null, { name: "y" }] };
    expect(parseCollections([bad]).problems).toEqual([
      '[0] "a".type: expected "base", "auth" or "view", got "x"',
      '[0] "a".listRule: expected a string or null, got a number',
      '[0] "a".viewRule: expected a string or null, got an array',
      '[0] "a".fields[0]: expected an object with name and type, got null',
      '[0] "a".fields[1]: expected an object with name and type, got an object',
    ]);
  });

  test("may bear their id as their name", () => {
    expect(parseCollections([{ name: "a", id: "a", fields: [] }]).problems).toEqual([]);
  });
});
