import assert from "node:assert/strict";
import { dataHeard, ownNeeds, tokenOf } from "./hearing.ts";
import { type Case, type Target, tokensOf } from "./target.ts";

interface OwnCollection extends Readonly<Record<string, unknown>> {
  readonly name: string;
}

function text(name: string, hidden = false): unknown {
  return { name, type: "text", hidden };
}

/** Auth records, some of whose fields are hidden. */
function authCollection(name: string, manageRule: string): OwnCollection {
  const fields = [
    text("id"),
    { name: "password", type: "password" },
    text("tokenKey"),
    { name: "email", type: "email" },
    { name: "emailVisibility", type: "bool" },
    // shown all the same
    { name: "verified", type: "bool", hidden: true },
    text("name"),
    text("phone", true),
  ];
  return { id: `pbc_${name}`, name, type: "auth", listRule: "", viewRule: "", manageRule, fields };
}

const oneOf = { maxSelect: 1 };
const manyOf = { maxSelect: 3 };

const allTypes = [
  { name: "autodate", type: "autodate" },
  { name: "bool", type: "bool" },
  { name: "date", type: "date" },
  { name: "editor", type: "editor" },
  { name: "email", type: "email" },
  { name: "fileMany", type: "file", ...manyOf },
  { name: "fileOne", type: "file", ...oneOf },
  { name: "geoPoint", type: "geoPoint" },
  { name: "id", type: "text" },
  { name: "json", type: "json" },
  { name: "number", type: "number" },
  { name: "password", type: "password" },
  { name: "relationMany", type: "relation", collectionId: "users", ...manyOf },
  { name: "relationOne", type: "relation", collectionId: "users", ...oneOf },
  { name: "selectMany", type: "select", ...manyOf },
  { name: "selectOne", type: "select", ...oneOf },
  { name: "text", type: "text" },
  { name: "tokenKey", type: "text" },
  { name: "url", type: "url" },
];

const safeFields = [
  text("id"),
  { name: "pin", type: "password" },
  { name: "code", type: "password", hidden: true },
  text("note", true),
  ...["b", "a2", "a10", "_u", "Z", "A0", "0"].map((name) => text(name)),
];

/** Auth records with a manager, auth records whose manage rule is broken, and records of every field type. */
export const exportCollections: readonly OwnCollection[] = [
  authCollection("members", "name = 'Ann' && @request.auth.id = 'boss'"),
  authCollection("orphans", "@request.auth.id ="),
  { id: "pbc_things", name: "things", listRule: "", viewRule: "", fields: allTypes },
  { id: "pbc_safes", name: "safes", listRule: "", viewRule: null, fields: safeFields },
];

/** An auth record as its writer publishes it, and as it comes out. */
function member(emailVisibility: boolean): Readonly<Record<string, unknown>> {
  const secrets = { password: "$2a$hash", tokenKey: "k1" };
  return {
    ...secrets,
    id: "m1",
    email: "m1@x.org",
    emailVisibility,
    verified: true,
    name: "Ann",
    phone: "1",
  };
}

function writtenMember(
  emailVisibility: boolean,
  shows: { readonly email: boolean; readonly phone: boolean },
): string {
  const email = shows.email ? '"email":"m1@x.org",' : "";
  const phone = shows.phone ? '"phone":"1",' : "";
  return `{"record":{"collectionId":"pbc_members","collectionName":"members",${email}"emailVisibility":${emailVisibility},"id":"m1","name":"Ann",${phone}"verified":true},"action":"update"}`;
}

/** Somebody, and what of a record whose e-mail is not visible. */
interface Viewer {
  readonly who: string;
  readonly sees: string;
  readonly token: (target: Target) => Promise<string>;
  readonly email: boolean;
  readonly phone: boolean;
}

const outsider = { sees: "neither the e-mail nor what is hidden", email: false, phone: false };
const insider = { sees: "the e-mail, not what is hidden", email: true, phone: false };
const superuser = { sees: "the e-mail and what is hidden", email: true, phone: true };

const viewers: readonly Viewer[] = [
  { who: "a guest", ...outsider, token: async () => "" },
  { who: "another record", ...outsider, token: (target) => tokenOf(target, "m2", "pbc_members") },
  {
    who: "a record with that id in another collection",
    ...outsider,
    token: (target) => tokenOf(target, "m1", "users"),
  },
  { who: "the record itself", ...insider, token: (target) => tokenOf(target, "m1", "pbc_members") },
  { who: "a manager", ...insider, token: (target) => tokenOf(target, "boss", "users") },
  { who: "a superuser", ...superuser, token: async (target) => tokensOf(target).superuser },
];

const viewerCases = viewers.map(({ who, sees, token: tokenFor, email, phone }): Case => ({
  name: `${who} sees of an auth record ${sees}, a visible e-mail in any case, and no secret`,
  needs: ownNeeds,
  run: async (target) => {
    const topics = ["members/*", "members/m1"];
    const token = await tokenFor(target);
    for (const isVisible of [false, true]) {
      const event = { collection: "members", action: "update", record: member(isVisible) };
      const written = writtenMember(isVisible, { email: email || isVisible, phone });
      const expected = Object.fromEntries(topics.map((topic) => [topic, written]));
      assert.deepEqual(await dataHeard(target, topics, { event, token }), expected);
    }
  },
}));

const emptyThing =
  '{"autodate":"","bool":false,"collectionId":"pbc_things","collectionName":"things","date":"","editor":"","email":"","fileMany":[],"fileOne":"","geoPoint":{"lon":0,"lat":0},"id":"t1","json":null,"number":0,"password":"","relationMany":[],"relationOne":"","selectMany":[],"selectOne":"","text":"","tokenKey":"","url":""}';

const fullThing = {
  url: "https://x.org/a",
  tokenKey: "k",
  text: "t",
  selectOne: "s",
  selectMany: ["b", "a"],
  relationOne: "r",
  relationMany: ["r2", "r1"],
  password: "$2a$hash",
  number: -1.5,
  json: { z: [1, { y: null, x: "é" }], a: true },
  id: "t1",
  geoPoint: { lon: 1.5, lat: -2 },
  fileOne: "f.png",
  fileMany: ["g.png"],
  email: "t@x.org",
  editor: "e",
  date: "2026-08-14 10:00:00.123Z",
  bool: true,
  autodate: "2026-08-14 10:00:01.000Z",
};

const writtenThing =
  '{"autodate":"2026-08-14 10:00:01.000Z","bool":true,"collectionId":"pbc_things","collectionName":"things","date":"2026-08-14 10:00:00.123Z","editor":"e","email":"t@x.org","fileMany":["g.png"],"fileOne":"f.png","geoPoint":{"lon":1.5,"lat":-2},"id":"t1","json":{"z":[1,{"y":null,"x":"é"}],"a":true},"number":-1.5,"password":"","relationMany":["r2","r1"],"relationOne":"r","selectMany":["b","a"],"selectOne":"s","text":"t","tokenKey":"k","url":"https://x.org/a"}';

/** A record of every field type as published, and as it is written. */
const things: readonly (readonly [what: string, record: unknown, written: string])[] = [
  ["fields that are missing are written as the empty value of their type", { id: "t1" }, emptyThing],
  [
    "fields that are null are written as the empty value of their type",
    Object.fromEntries(allTypes.map(({ name }) => [name, name === "id" ? "t1" : null])),
    emptyThing,
  ],
  ["each type has its JSON, a json field its own key order, a password none", fullThing, writtenThing],
  [
    "numbers are written as Go writes them",
    { id: "t1", number: 1e21, json: [1e-7, 1e20, 0.1, 100, -0.000001] },
    emptyThing
      .replace('"number":0', '"number":1e+21')
      .replace('"json":null', '"json":[1e-7,100000000000000000000,0.1,100,-0.000001]'),
  ],
  [
    "texts are escaped as Go escapes them, in keys and lists too",
    {
      id: "t1",
      text: '<a href="/">&\u2028\u2029\u0000\b\f\n\r\t\u001f\\\u007fé😀',
      json: { "<&>": "</a>" },
      selectMany: ["a&b"],
    },
    emptyThing
      .replace(
        '"text":""',
        String.raw`"text":"\u003ca href=\"/\"\u003e\u0026\u2028\u2029\u0000\b\f\n\r\t\u001f\\` + '\u007fé😀"',
      )
      .replace('"json":null', String.raw`"json":{"\u003c\u0026\u003e":"\u003c/a\u003e"}`)
      .replace('"selectMany":[]', String.raw`"selectMany":["a\u0026b"]`),
  ],
  [
    "what is no field of the collection stays behind, whatever it is called",
    {
      id: "t1",
      unknown: 1,
      expand: { relationOne: { id: "r" } },
      collectionId: "users",
      collectionName: "users",
      constructor: "c",
      toString: "s",
      before: {},
    },
    emptyThing,
  ],
];

/** What is written of a record, byte for byte, and for whom. */
export const exportCases: readonly Case[] = [
  ...viewerCases,
  {
    name: "a manage rule that is broken shows nobody an e-mail, and keeps nobody from the event",
    needs: ownNeeds,
    run: async (target) => {
      const event = { collection: "orphans", action: "create", record: { id: "o1", email: "o1@x.org" } };
      const token = tokensOf(target).userA;
      assert.deepEqual(await dataHeard(target, ["orphans/*"], { event, token }), {
        "orphans/*":
          '{"record":{"collectionId":"pbc_orphans","collectionName":"orphans","emailVisibility":false,"id":"o1","name":"","verified":false},"action":"create"}',
      });
    },
  },
  ...things.map(([what, record, written]): Case => ({
    name: `in a record ${what}`,
    needs: ownNeeds,
    run: async (target) => {
      const before = { id: "t1", text: "old" };
      for (const action of ["create", "update", "delete"]) {
        const event = { collection: "things", action, record, before };
        const data = `{"record":${written},"action":"${action}"}`;
        const expected = { "things/*": data, "things/t1": data };
        assert.deepEqual(await dataHeard(target, ["things/*", "things/t1"], { event }), expected);
      }
    },
  })),
  {
    name: "keys come in byte order; a password is empty, and a hidden one is empty and for superusers",
    needs: ownNeeds,
    run: async (target) => {
      const record = { id: "s1", pin: "1234", code: "5678", note: "n", a2: "2", _u: "u", Z: "z" };
      const event = { collection: "safes", action: "create", record };
      const written = async (token: string): Promise<string | undefined> =>
        (await dataHeard(target, ["safes/*"], { event, token }))["safes/*"];
      assert.equal(
        await written(""),
        '{"record":{"0":"","A0":"","Z":"z","_u":"u","a10":"","a2":"2","b":"","collectionId":"pbc_safes","collectionName":"safes","id":"s1","pin":""},"action":"create"}',
      );
      assert.equal(
        await written(tokensOf(target).superuser),
        '{"record":{"0":"","A0":"","Z":"z","_u":"u","a10":"","a2":"2","b":"","code":"","collectionId":"pbc_safes","collectionName":"safes","id":"s1","note":"n","pin":""},"action":"create"}',
      );
    },
  },
];
