import { type CollectionSet, guest, type Identity, type JsonObject } from "@sluice/protocol";
import type { RecordRow } from "@sluice/rules";
import { collectionSet, openRecordingHub } from "./recording-hub.ts";

/** A relation field. */
export const relation = (name: string, collectionId: string, maxSelect = 1): JsonObject => ({
  name,
  type: "relation",
  collectionId,
  maxSelect,
});

/** A text field. */
export const text = (name: string, hidden = false): JsonObject => ({ name, type: "text", hidden });

/** By name, which is their id too, in PocketBase's export format. */
export type Collections = Readonly<Record<string, JsonObject>>;

/** Posts have an author, tags and a parent; comments belong to a post; authors are in a team. */
const collections: Collections = {
  posts: {
    fields: [
      text("id"),
      relation("author", "users"),
      relation("tags", "tags", 9),
      relation("parent", "posts"),
    ],
  },
  users: {
    type: "auth",
    fields: [text("id"), { name: "email", type: "email" }, text("phone", true), relation("team", "teams")],
  },
  tags: { fields: [text("id"), text("label")] },
  teams: { fields: [text("id"), text("name")] },
  comments: { fields: [text("id"), relation("post", "posts"), relation("also", "posts", 5)] },
};

/** Rows by collection. */
export type Rows = Readonly<Record<string, readonly RecordRow[]>>;

/** What is followed unless a test says otherwise. */
export const rows: Rows = {
  posts: [{ id: "p1", author: "u1", tags: ["t2", "t1"] }, { id: "p0" }],
  users: [{ id: "u1", email: "u1@x.org", phone: "1", team: "m1" }],
  tags: [
    { id: "t1", label: "<one>" },
    { id: "t2", label: "two" },
  ],
  teams: [{ id: "m1", name: "M" }],
  comments: [{ id: "c1", post: "p1" }, { id: "c2", post: "p1", also: ["p0", "p1"] }, { id: "c3" }],
};

/** The collections, some with other rules, fields or indexes. */
export function expandedCollections(overrides: Collections): CollectionSet {
  const exported = Object.entries(collections).map(([name, collection]) =>
    Object.assign({ id: name, name, listRule: "", viewRule: "" }, collection, overrides[name]),
  );
  return collectionSet(...exported);
}

/** Opens a hub that follows the collections of which there are rows. */
export function openExpandingHub(overrides: Collections = {}, followed: Rows = rows) {
  const recording = openRecordingHub([]);
  recording.hub.setCollections(expandedCollections(overrides));
  for (const [collectionId, values] of Object.entries(followed)) {
    const load = recording.records.begin(collectionId);
    for (const row of values) load.put(String(row["id"]), row);
    recording.records.finish(collectionId, load);
  }
  return recording;
}

/** Who asks for an expansion of what, and where. */
export interface Asking {
  readonly who?: Identity;
  readonly query?: JsonObject;
  readonly overrides?: Collections;
  readonly followed?: Rows;
  readonly record?: JsonObject & { readonly id: string };
}

/** All posts, with options. */
export function topicWith(query: JsonObject): string {
  return `posts/*?options=${encodeURIComponent(JSON.stringify({ query, headers: { "X-Key": "k" } }))}`;
}

/** What a subscriber gets of the record of `p1`, and what was denied meanwhile. */
export function ask(expand: string, { who = guest, query = {}, overrides, followed, record }: Asking = {}) {
  const { hub, subscribe, flush, denied } = openExpandingHub(overrides, followed);
  subscribe("c1", [topicWith({ expand, ...query })], who);
  const row = record ?? { id: "p1", author: "u1", tags: ["t2", "t1"] };
  hub.dispatchRecord({ kind: "record", action: "update", collection: "posts", record: row });
  const [, json = ""] = /^data:\{"record":(.*),"action":"update"\}$/m.exec(flush()["c1"] ?? "") ?? [];
  return { json, denied };
}

/** The bytes of the `expand` key; nothing where there is none. */
export function expandOf(expand: string, asking: Asking = {}): string | undefined {
  const { json } = ask(expand, asking);
  const [, found] = /"expand":(\{.*\}),"id":"[^"]+","parent"/.exec(json) ?? [];
  if (json.includes('"expand"') !== (found !== undefined) || json === "") {
    throw new TypeError(`expected a post, got ${json}`);
  }
  return found;
}

// the rows as they are written
export const ann = '{"collectionId":"users","collectionName":"users","id":"u1","phone":"1","team":"m1"}';
export const publicAnn = '{"collectionId":"users","collectionName":"users","id":"u1","team":"m1"}';
export const mailAnn = publicAnn.replace('"id"', '"email":"u1@x.org","id"');
export const one = String.raw`{"collectionId":"tags","collectionName":"tags","id":"t1","label":"\u003cone\u003e"}`;
export const two = '{"collectionId":"tags","collectionName":"tags","id":"t2","label":"two"}';
export const team = '{"collectionId":"teams","collectionName":"teams","id":"m1","name":"M"}';
const comment = (id: string, also: string): string =>
  `{"also":${also},"collectionId":"comments","collectionName":"comments","id":"${id}","post":"p1"}`;
export const [first, second] = [comment("c1", "[]"), comment("c2", '["p0","p1"]')];

/** The auth record of `users` here, whose id is its name. */
export function member(id: string): Identity {
  return { kind: "record", id, collectionId: "users", collectionName: "users", claims: {} };
}

/** A written row with something expanded in it. */
export function withExpand(row: string, expand: string): string {
  return row.replace(/,"(id|email)"/, `,"expand":${expand},"$1"`);
}
