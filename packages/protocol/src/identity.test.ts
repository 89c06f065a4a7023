import { describe, expect, test } from "vitest";
import { parseCollections } from "./collection.ts";
import { CollectionSet } from "./collection-set.ts";
import { guest, identityKey, identityOf, parseIdentity } from "./identity.ts";

const collections = new CollectionSet(
  parseCollections([
    { id: "users_id", name: "users", type: "auth", fields: [] },
    { id: "posts_id", name: "posts", type: "base", fields: [] },
  ]).collections,
);
const context = { collections, authCollection: "users" };

describe("claims that name an auth record", () => {
  test.each([
    ["PocketBase's", { id: "u1", collectionId: "users_id", type: "auth" }, "users_id/u1"],
    [
      "PocketBase's by the collection's name",
      { id: "u1", collectionId: "users", type: "auth" },
      "users_id/u1",
    ],
    [
      "PocketBase's by id and name",
      { id: "u1", collectionId: "users_id", collectionName: "x", type: "auth" },
      "users_id/u1",
    ],
    ["a subject", { sub: "u1" }, "users_id/u1"],
    ["a subject with PocketBase's type", { sub: "u1", type: "auth" }, "users_id/u1"],
    ["an id without a type", { id: "u1" }, "users_id/u1"],
    ["a collection id in the place of the name", { sub: "u1", collectionName: "users_id" }, "users_id/u1"],
    ["an id before a subject", { id: "u1", sub: "u2" }, "users_id/u1"],
    ["a collection name", { sub: "u1", collectionName: "users" }, "users_id/u1"],
    ["an auth collection that is not known here", { sub: "u1", collectionName: "staff" }, "staff/u1"],
  ])("%s", (_what, claims, key) => {
    const identity = identityOf(claims, context);
    expect(identity.kind).toBe("record");
    expect(identityKey(identity)).toBe(key);
    expect(identity).toMatchObject({ claims });
  });
});

test.each([
  [{ id: "r", collectionId: "pbc_3142635823", type: "auth" }],
  [{ id: "r", collectionId: "_superusers", type: "auth" }],
  [{ id: "r", collectionName: "_superusers", type: "auth" }],
  [{ sub: "r", collectionName: "_superusers" }],
  [{ sub: "r", collectionName: "pbc_3142635823" }],
])("%j is a superuser", (claims) => {
  const superuser = {
    kind: "superuser",
    id: "r",
    collectionId: "pbc_3142635823",
    collectionName: "_superusers",
  };
  expect(identityOf(claims, context)).toMatchObject(superuser);
});

test.each([
  [{}],
  [{ id: "" }],
  [{ id: 5 }],
  [{ sub: ["u1"] }],
  [{ id: "u1", collectionId: "users_id" }],
  [{ id: "u1", collectionId: "users_id", type: "file" }],
  [{ sub: "u1", type: "verification" }],
  [{ sub: "u1", type: 5 }],
  [{ sub: "u1", type: null }],
  [{ id: "u1", collectionId: "users_id", type: "passwordReset" }],
  [{ id: "u1", collectionId: "users_id", type: "emailChange" }],
  [{ id: 5, sub: "u1" }],
  [{ sub: "u1", collectionName: "" }],
  [{ sub: "u1", collectionName: "posts" }],
  [{ sub: "r", collectionName: "_superusers", type: "file" }],
  [{ id: "u1", collectionId: "posts_id", type: "auth" }],
  [{ sub: "u1", collectionName: 5 }],
  [{ id: "r", collectionId: "pbc_3142635823" }],
])("%j is a guest", (claims) => {
  expect(identityOf(claims, context)).toBe(guest);
});

test("a token that names no collection is of the configured one", () => {
  expect(identityKey(identityOf({ sub: "u1" }, { collections, authCollection: "posts" }))).toBe("");
  expect(identityKey(identityOf({ sub: "u1" }, { collections, authCollection: "members" }))).toBe(
    "members/u1",
  );
});

test.each([
  ["the same record", { sub: "u1" }, { id: "u1", collectionId: "users_id", type: "auth", role: "x" }, true],
  ["another record", { sub: "u1" }, { sub: "u2" }, false],
  ["another collection", { sub: "u1" }, { sub: "u1", collectionName: "staff" }, false],
  ["a guest", { sub: "u1" }, {}, false],
  ["two guests", {}, { type: "file" }, true],
])("identities are compared by collection and record: %s", (_, left, right, equal) => {
  const [one, two] = [identityOf(left, context), identityOf(right, context)];
  expect(identityKey(one) === identityKey(two)).toBe(equal);
});

test("an auth record has its collection's id and name, whichever of them the token names", () => {
  const identity = { kind: "record", id: "u1", collectionId: "users_id", collectionName: "users" };
  for (const collectionName of ["users", "users_id"]) {
    const claims = { sub: "u1", collectionName };
    expect(identityOf(claims, context)).toEqual({ ...identity, claims });
  }
});

test("an identity survives the way to another node", () => {
  const root = { sub: "r", collectionName: "_superusers", deep: { a: [1, null] } };
  for (const claims of [{}, { sub: "u1", role: "a" }, root]) {
    const identity = identityOf(claims, context);
    expect(parseIdentity(JSON.parse(JSON.stringify(identity)))).toEqual(identity);
  }
});

test("so does what its token was verified by", () => {
  const identity = { ...identityOf({ sub: "u1" }, context), proof: { keyMark: "5f", entry: "1-0" } };
  expect(parseIdentity(JSON.parse(JSON.stringify(identity)))).toEqual(identity);
});

test.each([
  [null],
  ["record"],
  [{ kind: "root", id: "a", collectionId: "b", collectionName: "c", claims: {} }],
  [{ kind: "superuser", id: "a", collectionId: "b", collectionName: "c" }],
  [{ kind: "record", collectionId: "b", collectionName: "c", claims: {} }],
  [{ kind: "record", id: "a", collectionName: "c", claims: {} }],
  [{ kind: "record", id: "a", collectionId: "b", claims: {} }],
  [{ kind: "record", id: "a", collectionId: "b", collectionName: "c", claims: [] }],
  [{ kind: "record", id: 5, collectionId: "b", collectionName: "c", claims: {} }],
  [{ kind: "guest", id: "a", collectionId: "b", collectionName: "c", claims: {} }],
  [{ kind: "record", id: "a", collectionId: "b", collectionName: "c", claims: {}, proof: null }],
  [{ kind: "record", id: "a", collectionId: "b", collectionName: "c", claims: {}, proof: { keyMark: "5f" } }],
  [[]],
])("%j from another node is a guest", (value) => {
  expect(parseIdentity(value)).toBe(guest);
});
