import { type Collection, guest, type Identity, type JsonObject } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { collectionOf, superuser, user } from "../../../test/harness/recording-hub.ts";
import { encodeExport, exportRecord, type View, viewOf } from "./view.ts";

function encodeRecord(collection: Collection, record: JsonObject, view: View): string {
  return encodeExport(exportRecord(collection, record, view));
}

const users = collectionOf({
  id: "users_id",
  name: "users",
  type: "auth",
  fields: [
    { name: "id", type: "text" },
    { name: "password", type: "password", hidden: true },
    { name: "tokenKey", type: "text", hidden: true },
    { name: "email", type: "email" },
    { name: "emailVisibility", type: "bool" },
    { name: "verified", type: "bool" },
    { name: "name", type: "text" },
    { name: "notes", type: "text", hidden: true },
  ],
});

const ann = {
  id: "u1",
  password: "$2a$hash",
  tokenKey: "secret",
  email: "ann@example.com",
  emailVisibility: false,
  verified: true,
  name: "Ann",
  notes: "hidden",
};

describe("the view", () => {
  const otherCollection = { ...user("u1"), collectionId: "clients_id", collectionName: "users" };
  test.each<[who: string, record: JsonObject, identity: Identity, view: View]>([
    ["a guest of an auth record", ann, guest, "public"],
    ["another user of an auth record", ann, user("u2"), "public"],
    ["a user with that id in another collection", ann, otherCollection, "public"],
    ["an auth record of itself", ann, user("u1"), "with-email"],
    ["a superuser of an auth record", ann, superuser, "superuser"],
    ["a guest where the e-mail is visible", { ...ann, emailVisibility: true }, guest, "with-email"],
    ["a guest where the visibility is no boolean", { ...ann, emailVisibility: 1 }, guest, "public"],
    ["a guest where the visibility is missing", { id: "u1" }, guest, "public"],
  ])("of %s", (_, record, identity, view) => {
    expect(viewOf(users, record, identity)).toBe(view);
  });

  test.each<[who: string, identity: Identity, view: View]>([
    ["a guest", guest, "public"],
    ["a user", user("p1"), "public"],
    ["a superuser", superuser, "superuser"],
  ])("of %s does not depend on e-mail outside auth collections", (_, identity, view) => {
    const posts = collectionOf({ id: "users_id", name: "posts", fields: [] });
    expect(viewOf(posts, { id: "p1", emailVisibility: true }, identity)).toBe(view);
  });
});

describe("an auth record", () => {
  test.each<[view: View, json: string]>([
    [
      "public",
      '{"collectionId":"users_id","collectionName":"users","emailVisibility":false,"id":"u1","name":"Ann","verified":true}',
    ],
    [
      "with-email",
      '{"collectionId":"users_id","collectionName":"users","email":"ann@example.com","emailVisibility":false,"id":"u1","name":"Ann","verified":true}',
    ],
    [
      "superuser",
      '{"collectionId":"users_id","collectionName":"users","email":"ann@example.com","emailVisibility":false,"id":"u1","name":"Ann","notes":"hidden","verified":true}',
    ],
  ])("in the view %s has these bytes", (view, json) => {
    expect(encodeRecord(users, ann, view)).toBe(json);
  });

  test("hides the token key and every password even where the collection shows them", () => {
    const open = collectionOf({
      name: "users",
      id: "u",
      type: "auth",
      fields: [
        { name: "tokenKey", type: "text" },
        { name: "password", type: "password" },
        { name: "pin", type: "password" },
      ],
    });
    const record = { id: "u1", tokenKey: "secret", password: "$2a$hash", pin: "1234" };
    expect(encodeRecord(open, record, "superuser")).toBe(
      '{"collectionId":"u","collectionName":"users","id":"u1"}',
    );
  });

  test("shows its flags even where the collection hides them", () => {
    const closed = collectionOf({
      name: "users",
      id: "u",
      type: "auth",
      fields: ["emailVisibility", "verified"].map((name) => ({ name, type: "bool", hidden: true })),
    });
    expect(encodeRecord(closed, { id: "u1", verified: true }, "public")).toBe(
      '{"collectionId":"u","collectionName":"users","emailVisibility":false,"id":"u1","verified":true}',
    );
  });
});

/** The value of a field `f` in the JSON of a record that holds it, or does not where the value is undefined. */
const written = (field: JsonObject, value?: unknown): string | undefined => {
  const collection = collectionOf({ id: "c", name: "c", fields: [{ name: "f", ...field }] });
  const json = encodeRecord(collection, value === undefined ? { id: "r" } : { id: "r", f: value }, "public");
  return /^\{"collectionId":"c","collectionName":"c","f":(.*),"id":"r"\}$/.exec(json)?.[1];
};

describe("a record", () => {
  test.each<[field: JsonObject, empty: string]>([
    [{ type: "text" }, '""'],
    [{ type: "editor" }, '""'],
    [{ type: "email" }, '""'],
    [{ type: "url" }, '""'],
    [{ type: "date" }, '""'],
    [{ type: "autodate" }, '""'],
    [{ type: "number" }, "0"],
    [{ type: "bool" }, "false"],
    [{ type: "json" }, "null"],
    [{ type: "geoPoint" }, '{"lon":0,"lat":0}'],
    [{ type: "select" }, '""'],
    [{ type: "select", maxSelect: 1 }, '""'],
    [{ type: "select", maxSelect: 2 }, "[]"],
    [{ type: "file", maxSelect: 0 }, '""'],
    [{ type: "file", maxSelect: 99 }, "[]"],
    [{ type: "relation", maxSelect: 1 }, '""'],
    [{ type: "relation", maxSelect: 2 }, "[]"],
    [{ type: "text", maxSelect: 2 }, '""'],
  ])("without the field %j, or with null in it, has %s there", (field, empty) => {
    expect(written(field)).toBe(empty);
    expect(written(field, null)).toBe(empty);
  });

  test.each<[type: string, value: unknown, json: string]>([
    ["text", "Tom & Co <b>", '"Tom \\u0026 Co \\u003cb\\u003e"'],
    ["text", "\u2028/é", '"\\u2028/é"'],
    ["number", 1e21, "1e+21"],
    ["number", 0.0000001, "1e-7"],
    ["bool", true, "true"],
    ["date", "2026-08-14 10:00:00.123Z", '"2026-08-14 10:00:00.123Z"'],
    ["json", { b: 1, a: [null, "<"] }, '{"b":1,"a":[null,"\\u003c"]}'],
    ["json", "", '""'],
    ["json", 0, "0"],
    ["geoPoint", { lon: 1.5, lat: -2 }, '{"lon":1.5,"lat":-2}'],
    ["relation", ["a", "b"], '["a","b"]'],
    ["password", "$2a$hash", '""'],
  ])("writes %s %j as %s", (type, value, json) => {
    expect(written({ type }, value)).toBe(json);
  });

  test("has its keys in byte order", () => {
    const names = ["é", "z", "b", "_a", "Z", "A", "9", "10", "collectionX"];
    const fields = names.map((name) => ({ name, type: "number" }));
    const json = encodeRecord(collectionOf({ id: "c", name: "c", fields }), { id: "r" }, "public");
    expect(Array.from(json.matchAll(/"([^"]+)":/g), ([, key]) => key)).toEqual([
      "10",
      "9",
      "A",
      "Z",
      "_a",
      "b",
      "collectionId",
      "collectionName",
      "collectionX",
      "id",
      "z",
      "é",
    ]);
  });

  test("shows only what the collection knows, under the collection's own name and id", () => {
    const record = { id: "r", collectionId: "x", collectionName: "y", title: "t", secret: "s", expand: {} };
    const posts = collectionOf({ id: "c", name: "posts", fields: [{ name: "title", type: "text" }] });
    expect(encodeRecord(posts, record, "superuser")).toBe(
      '{"collectionId":"c","collectionName":"posts","id":"r","title":"t"}',
    );
  });

  test("shows hidden fields to superusers alone", () => {
    const posts = collectionOf({ id: "c", name: "c", fields: [{ name: "a", type: "text", hidden: true }] });
    expect(encodeRecord(posts, { id: "r", a: "x" }, "public")).not.toContain('"a"');
    expect(encodeRecord(posts, { id: "r", a: "x" }, "with-email")).not.toContain('"a"');
    expect(encodeRecord(posts, { id: "r", a: "x" }, "superuser")).toContain('"a":"x"');
  });

  test.each(["constructor", "toString", "__proto__"])(
    "takes no value for an absent field named %s",
    (name) => {
      const collection = collectionOf({ id: "c", name: "c", fields: [{ name, type: "text" }] });
      expect(encodeRecord(collection, { id: "r" }, "public")).toContain(`"${name}":""`);
      const own = Object.fromEntries([
        ["id", "r"],
        [name, "x"],
      ]);
      expect(encodeRecord(collection, own, "public")).toContain(`"${name}":"x"`);
    },
  );
});
