import type { Identity, JsonObject } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  namesIn,
  openRecordingHub,
  posts,
  type RecordingHub,
  user,
  users,
} from "../../../test/harness/recording-hub.ts";

const relation = (name: string, collectionId: string, maxSelect = 1): JsonObject => ({
  name,
  type: "relation",
  collectionId,
  maxSelect,
});

const rooms = {
  id: "rooms_id",
  name: "rooms",
  listRule: "members:each ?= @request.auth.id",
  viewRule: "",
  fields: [{ name: "name", type: "text" }, relation("members", "users_id", 9)],
};

const room = { id: "r1", name: "hall", members: ["u1", "u2"] };

/** A hub whose posts stand in rooms, all of which are at hand. */
function openRooms(
  listRule = "",
  rows: readonly (JsonObject & { id: string })[] | null = [room],
): RecordingHub {
  const inRooms = { ...posts, listRule, fields: [...posts.fields, relation("room", "rooms_id")] };
  const opened = openRecordingHub([inRooms, rooms, users]);
  const { records } = opened;
  if (rows === null) return opened;
  const load = records.begin("rooms_id");
  for (const row of rows) load.put(row.id, row);
  records.finish("rooms_id", load);
  return opened;
}

function withFilter(filter: string): string {
  return `posts/*?options=${encodeURIComponent(JSON.stringify({ query: { filter } }))}`;
}

/** Who hears of a post in the room. */
function hearers({ hub, subscribe, flush }: RecordingHub, topic: string): readonly string[] {
  const identities: readonly Identity[] = ["u1", "u2", "u3", "u4"].map(user);
  for (const [index, identity] of identities.entries()) subscribe(`c${index + 1}`, [topic], identity);
  hub.dispatchRecord({
    kind: "record",
    action: "create",
    collection: "posts",
    record: { id: "p1", room: "r1" },
  });
  return Object.keys(flush());
}

test("P6: a filter lets through what joins rows that the subscriber may list, for each subscriber alone", () => {
  expect(hearers(openRooms(), withFilter("room.name = 'hall'"))).toEqual(["c1", "c2"]);
  expect(hearers(openRooms(), withFilter("room.name = 'cellar'"))).toEqual([]);
});

test("P7: those whom the joined rows name are asked, and nobody else", () => {
  const hub = openRooms("room.members:each ?= @request.auth.id");
  expect(hearers(hub, "posts/*")).toEqual(["c1", "c2"]);
  expect(hub.denied).toEqual(["rule", "rule"]);
});

test("P4: who is found in several ways gets an event once", () => {
  const { hub, subscribe, flush } = openRooms(
    "title = @request.auth.id || room.members:each ?= @request.auth.id",
  );
  for (const name of ["u1", "u2", "u3"]) subscribe(name, ["posts/*"], user(name));
  const record = { id: "p1", room: "r1", title: "u1" };
  hub.dispatchRecord({ kind: "record", action: "create", collection: "posts", record });
  const texts = flush();
  expect(["u1", "u2", "u3"].map((name) => namesIn(texts[name]))).toEqual([["posts/*"], ["posts/*"], []]);
});

test("P6: where joined rows are not at hand, all are denied, and told so", () => {
  const hub = openRooms("room.members:each ?= @request.auth.id", null);
  expect(hearers(hub, "posts/*")).toEqual([]);
  expect(hub.denied).toEqual(Array(4).fill("rule-undecidable"));
});

test("a rule follows what it finds from whoever asks", () => {
  const { hub } = openRooms("@request.auth.rooms_via_members.name ?= title");
  expect([...hub.follows()].toSorted()).toEqual(["rooms_id", "users_id"]);
});
