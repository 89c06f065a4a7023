import { type AuthRecord, guest, type JsonObject, keyMark, type RecordEvent } from "@sluice/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import {
  collectionSet,
  openRecordingHub,
  postEvent,
  posts,
  type RecordingHub,
  superuser,
  user,
  users,
} from "../../../test/harness/recording-hub.ts";

const fields = [
  ...users.fields,
  { name: "role", type: "text" },
  { name: "tokenKey", type: "text", hidden: true },
];
const followed = { ...users, fields, authToken: { secret: "s1" } };
const clients = { ...followed, id: "clients_id", name: "clients" };
const superusers = { ...followed, id: superuser.collectionId, name: "_superusers" };
const withSecret = (secret: string | undefined) => ({ ...followed, authToken: { secret } });
const forEditors = { ...posts, listRule: "@request.auth.role = 'editor'" };

type Row = RecordEvent["record"];

const rowOf = (id: string, more: JsonObject = {}): Row => ({
  id,
  email: `${id}@example.com`,
  role: "reader",
  tokenKey: `key of ${id}`,
  ...more,
});

let recording: RecordingHub;
let entries = 0;
beforeEach(() => {
  recording = openRecordingHub([followed, clients, superusers, forEditors]);
  entries = 0;
});

/** Puts rows at hand. */
function load(rows: readonly Row[], collectionId = "users_id"): void {
  const loading = recording.records.begin(collectionId);
  for (const row of rows) loading.put(row.id, row);
  recording.hub.finishLoad(collectionId, loading);
}

/** Dispatches the next entry of the log. */
function log(event: Partial<RecordEvent> & Pick<RecordEvent, "record">): void {
  recording.place.entry = `${++entries}-0`;
  recording.hub.dispatchRecord(
    { kind: "record", action: "update", collection: "users", ...event },
    recording.place.entry,
  );
}

/** Who hears of a post that is for editors. */
function editors(): readonly string[] {
  recording.flush();
  recording.place.entry = `${++entries}-0`;
  recording.hub.dispatchRecord(postEvent(), recording.place.entry);
  return Object.keys(recording.flush());
}

const identityOf = (clientId: string) => recording.hub.find(clientId)?.identity;

/** An auth record whose token a node has verified with a token key, at a place in the log. */
const proven = (id: string, tokenKey = `key of ${id}`, entry = ""): AuthRecord => ({
  ...user(id),
  proof: { keyMark: keyMark(tokenKey), entry },
});

describe("while the rows of an auth collection are at hand", () => {
  test("rules read the row, and nothing of the token", () => {
    load([rowOf("u1", { role: "editor" })]);
    const claims = { role: "reader", plan: "gold", id: "forged", collectionName: "forged" };
    recording.subscribe("c1", ["posts/*"], { ...user("u1"), claims });
    expect(editors()).toEqual(["c1"]);
    const listRule = "@request.auth.plan = '' && @request.auth.id = 'u1'";
    recording.hub.setCollections(collectionSet(followed, { ...posts, listRule }));
    expect(editors()).toEqual(["c1"]);
  });

  test("[A2, A7] an update counts from its own event on", () => {
    const listRule = "@request.auth.role = 'editor'";
    recording.hub.setCollections(collectionSet({ ...followed, listRule }, forEditors));
    load([rowOf("u1"), rowOf("u2")]);
    for (const [client, id] of [
      ["c1", "u1"],
      ["c2", "u2"],
      ["c3", "u1"],
    ] as const) {
      recording.subscribe(client, ["posts/*", "users/*"], proven(id));
    }
    expect(editors()).toEqual([]);
    log({ record: rowOf("u1", { role: "editor" }) });
    expect(Object.keys(recording.flush())).toEqual(["c1", "c3"]);
    expect(editors()).toEqual(["c1", "c3"]);
    log({ record: rowOf("u1") });
    expect(Object.keys(recording.flush())).toEqual([]);
    expect(editors()).toEqual([]);
    expect(recording.released).toEqual([]);
  });

  test("who was like somebody whose row changes stays what they are", () => {
    load([rowOf("u1"), rowOf("u2")]);
    recording.hub.setCollections(
      collectionSet(followed, { ...posts, listRule: "@request.auth.role = 'reader'" }),
    );
    recording.subscribe("c1", ["posts/*"], proven("u1"));
    recording.subscribe("c2", ["posts/*"], proven("u2"));
    expect(editors()).toEqual(["c1", "c2"]);
    log({ record: rowOf("u1", { role: "editor" }) });
    expect(editors()).toEqual(["c2"]);
    log({ record: rowOf("u2", { role: "editor" }) });
    log({ record: rowOf("u1") });
    expect(editors()).toEqual(["c1"]);
  });

  test("P6: of a record without a row only what PocketBase keeps is known", () => {
    load([]);
    const claims = { role: "editor", email: "a@b.c" };
    recording.subscribe("c1", ["posts/*"], { ...user("u1"), claims });
    expect(editors()).toEqual([]);
    expect(identityOf("c1")).toEqual({ ...user("u1"), claims: { email: "a@b.c" } });
    log({ action: "create", record: rowOf("u1", { role: "editor" }) });
    expect(editors()).toEqual(["c1"]);
  });

  test("what comes through the channel changes nobody", () => {
    load([rowOf("u1")]);
    recording.subscribe("c1", ["posts/*"], proven("u1"));
    const record = rowOf("u1", { role: "editor", tokenKey: "new" });
    recording.hub.dispatchRecord({ kind: "record", action: "update", collection: "users", record });
    expect(editors()).toEqual([]);
    expect([recording.released, identityOf("c1")?.kind]).toEqual([[], "record"]);
  });
});

test("an auth collection with a secret is followed, whether rules take its rows or not", () => {
  const withoutSecret = { ...clients, authToken: undefined };
  recording.hub.setCollections(collectionSet(followed, withoutSecret, posts));
  expect([...recording.hub.follows()]).toEqual(["users_id"]);
});

describe("rows that come and go", () => {
  test("P6: before them and behind them an identity is what the token says", () => {
    recording.subscribe("c1", ["posts/*"], { ...user("u1"), claims: { role: "editor" } });
    expect(editors()).toEqual(["c1"]);
    load([rowOf("u1")]);
    expect(editors()).toEqual([]);
    recording.hub.dropRecords("users_id");
    expect(editors()).toEqual(["c1"]);
    expect(identityOf("c1")).toMatchObject({ claims: { role: "editor" } });
  });

  test("P8: many who are bound are found anew by the next event", () => {
    const ids = Array.from({ length: 1_001 }, (_, index) => `u${index}`);
    for (const id of ids)
      recording.subscribe(`c of ${id}`, ["posts/*"], { ...user(id), claims: { role: "editor" } });
    expect(editors()).toHaveLength(1_001);
    load(ids.map((id, index) => rowOf(id, index % 2 === 0 ? { role: "editor" } : {})));
    expect(editors()).toEqual(ids.filter((_, index) => index % 2 === 0).map((id) => `c of ${id}`));
    log({ record: rowOf("u0") });
    expect(editors()).toHaveLength(500);
    recording.hub.setCollections(collectionSet(forEditors));
    expect(recording.released).toHaveLength(1_001);
    expect(editors()).toEqual([]);
  });

  test("rows that are too many are none", () => {
    load([rowOf("u1", { role: "editor" })]);
    recording.subscribe("c1", ["posts/*"], user("u1"));
    expect(editors()).toEqual(["c1"]);
    for (let index = 0; index < 10_000; index++) log({ action: "create", record: rowOf(`more${index}`) });
    expect(recording.records.has("users_id")).toBe(false);
    expect(identityOf("c1")).toMatchObject({ claims: {} });
    expect(editors()).toEqual([]);
  });

  test("whose record has another token key or no row in them is a guest", () => {
    recording.subscribe("c1", [], proven("u1"));
    recording.subscribe("c2", [], proven("u2"));
    recording.subscribe("c3", [], proven("u3"));
    load([rowOf("u1"), rowOf("u2", { tokenKey: "new" })]);
    expect(recording.released).toEqual([
      { clientIds: ["c2"], identity: "users_id/u2" },
      { clientIds: ["c3"], identity: "users_id/u3" },
    ]);
    expect(["c1", "c2", "c3"].map((id) => identityOf(id)?.kind)).toEqual(["record", "guest", "guest"]);
  });
});

describe("[A3] a new token key", () => {
  test("makes guests of its record's clients before the event, though it does not say what was before", () => {
    load([rowOf("u1"), rowOf("u2")]);
    recording.subscribe("c1", ["users/*"], proven("u1"));
    recording.subscribe("c2", ["users/*"], user("u1"));
    recording.subscribe("c3", ["users/*"], proven("u2"));
    log({ record: rowOf("u1", { tokenKey: "new" }) });
    const texts = recording.flush();
    expect(Object.keys(texts)).toEqual(["c1", "c2", "c3"]);
    expect(Object.values(texts).join("")).not.toContain("u1@example.com");
    expect(recording.released).toEqual([{ clientIds: ["c1", "c2"], identity: "users_id/u1" }]);
    expect(["c1", "c2", "c3"].map((id) => identityOf(id)?.kind)).toEqual(["guest", "guest", "record"]);
  });

  test("of a superuser does so too", () => {
    load([rowOf("root")], superuser.collectionId);
    recording.subscribe("c1", [], superuser);
    log({ collection: "_superusers", record: rowOf("root", { tokenKey: "new" }) });
    expect(identityOf("c1")).toBe(guest);
  });

  test("that a writer leaves out is no new one", () => {
    load([rowOf("u1")]);
    recording.subscribe("c1", [], proven("u1"));
    log({ record: rowOf("u1", { tokenKey: undefined }) });
    expect(recording.released).toEqual([]);
    log({ record: rowOf("u1", { tokenKey: "new" }) });
    expect(recording.released).toHaveLength(1);
  });

  test("ends no token that another node has verified with it already", () => {
    load([rowOf("u1")]);
    recording.subscribe("c1", ["posts/*"], proven("u1", "newest", "2-0"));
    expect(identityOf("c1")?.kind).toBe("record");
    log({ record: rowOf("u1", { tokenKey: "new" }) });
    log({
      record: rowOf("u1", { tokenKey: "newest", role: "editor" }),
      before: rowOf("u1", { tokenKey: "new" }),
    });
    expect(recording.released).toEqual([]);
    expect(editors()).toEqual(["c1"]);
    log({ record: rowOf("u1", { tokenKey: "another" }) });
    expect(identityOf("c1")).toBe(guest);
  });

  test("P6: a token that a node behind it found good binds nobody", () => {
    load([rowOf("u1")]);
    log({ record: rowOf("u1", { tokenKey: "new", role: "editor" }) });
    recording.subscribe("c1", ["posts/*"], proven("u1"));
    expect(identityOf("c1")).toBe(guest);
    expect(recording.released).toEqual([{ clientIds: ["c1"], identity: "users_id/u1" }]);
    expect(editors()).toEqual([]);
    recording.subscribe("c1", ["posts/*"], proven("u1", "new"));
    expect(editors()).toEqual(["c1"]);
  });
});

describe("[A1, A6] a deleted auth record", () => {
  test("makes guests of its clients behind the event", () => {
    load([rowOf("u1"), rowOf("u2")]);
    for (const [client, id] of Object.entries({ c1: "u1", c2: "u1", c3: "u2" })) {
      recording.subscribe(client, ["users/*"], proven(id));
    }
    log({ action: "delete", record: rowOf("u1") });
    const texts = recording.flush();
    expect(texts["c1"]).toContain("u1@example.com");
    expect(texts["c3"]).not.toContain("u1@example.com");
    expect(recording.released).toEqual([{ clientIds: ["c1", "c2"], identity: "users_id/u1" }]);
    expect(["c1", "c2", "c3"].map((id) => identityOf(id)?.kind)).toEqual(["guest", "guest", "record"]);
  });

  test("P6: binds nobody whose token a node behind it found good", () => {
    load([rowOf("u1")]);
    log({ action: "delete", record: rowOf("u1") });
    recording.subscribe("c1", [], proven("u1"));
    expect(identityOf("c1")).toBe(guest);
  });

  test("that is there again keeps who was bound to it then", () => {
    load([rowOf("u1")]);
    recording.subscribe("c1", [], proven("u1", "again", "2-0"));
    log({ action: "delete", record: rowOf("u1") });
    expect(recording.released).toEqual([]);
    expect(identityOf("c1")).toEqual(proven("u1", "again", "2-0"));
    log({ action: "create", record: rowOf("u1", { tokenKey: "again" }) });
    expect(identityOf("c1")).toMatchObject({ kind: "record", claims: { role: "reader" } });
  });
});

describe("[A4] another secret of an auth collection", () => {
  test.each<[what: string, secret: string | undefined, kept: readonly string[]]>([
    ["makes guests of its clients", "s2", ["c3"]],
    ["makes guests of its clients where it is taken away", undefined, ["c3"]],
    ["is none where it is the same", "s1", ["c1", "c2", "c3"]],
  ])("%s, whatever else is changed in others", (_, secret, kept) => {
    recording.subscribe("c1", [], proven("u1"));
    recording.subscribe("c2", [], user("u2"));
    recording.subscribe("c3", [], { ...user("a"), collectionId: "clients_id", collectionName: "clients" });
    recording.hub.setCollections(
      collectionSet(withSecret(secret), { ...clients, listRule: null }, superusers),
    );
    const bound = ["c1", "c2", "c3"].filter((id) => identityOf(id)?.kind === "record");
    expect(bound).toEqual(kept);
    expect(recording.released).toHaveLength(3 - kept.length);
  });

  test("that is the first is none: the tokens were signed with another key", () => {
    recording.hub.setCollections(collectionSet(withSecret(undefined)));
    recording.subscribe("c1", [], user("u1"));
    recording.hub.setCollections(collectionSet(withSecret("s1")));
    expect(recording.released).toEqual([]);
  });
});
