import { CollectionSet, guest, type RecordEvent } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  collectionSet,
  openRecordingHub,
  posts,
  superuser,
  user,
  users,
} from "../../../test/harness/recording-hub.ts";

/** An event of the auth record u1. */
const userEvent = (event: Partial<RecordEvent> = {}): RecordEvent => ({
  kind: "record",
  action: "update",
  collection: "users",
  record: { id: "u1", email: "ann@example.com" },
  ...event,
});

const keyed = (tokenKey: unknown): RecordEvent["record"] => ({
  id: "u1",
  email: "ann@example.com",
  tokenKey,
});

/** A hub with two clients of u1, one of u2 and a guest, who hear of all users. */
function openHub(collections = [users, posts]): ReturnType<typeof openRecordingHub> {
  const recording = openRecordingHub(collections);
  recording.subscribe("c1", ["users/*"], user("u1"));
  recording.subscribe("c2", ["users/*"], user("u1"));
  recording.subscribe("c3", ["users/*"], user("u2"));
  recording.subscribe("c4", ["users/*"]);
  return recording;
}

const released = [{ clientIds: ["c1", "c2"], identity: "users_id/u1" }];

test("who deletes themselves hear of it by their own rights and are guests then", () => {
  const { hub, flush, released: told } = openHub();
  hub.dispatchRecord(userEvent({ action: "delete" }));
  const texts = flush();
  expect(texts["c1"]).toContain("ann@example.com");
  expect(texts["c2"]).toContain("ann@example.com");
  expect(texts["c3"]).not.toContain("ann@example.com");
  expect(told).toEqual(released);
  expect(["c1", "c2", "c3", "c4"].map((id) => hub.find(id)?.identity)).toEqual([
    guest,
    guest,
    user("u2"),
    guest,
  ]);
});

test("who change their token key hear of it as guests", () => {
  const { hub, flush, released: told } = openHub();
  hub.dispatchRecord(userEvent({ record: keyed("new"), before: keyed("old") }));
  const texts = flush();
  expect(Object.keys(texts)).toEqual(["c1", "c2", "c3", "c4"]);
  expect(Object.values(texts).join("")).not.toContain("ann@example.com");
  expect(told).toEqual(released);
});

test.each<[what: string, event: Partial<RecordEvent>]>([
  ["an update with the same token key", { record: keyed("same"), before: keyed("same") }],
  ["an update that does not say what was before", { record: keyed("new") }],
  ["an update whose row before lacks the token key", { record: keyed("new"), before: { id: "u1" } }],
  ["an update whose row lacks the token key", { before: keyed("old") }],
  ["a creation", { action: "create", record: keyed("new"), before: keyed("old") }],
  ["the deletion of another record", { action: "delete", record: { id: "u9" } }],
  ["the deletion of that id in another collection", { action: "delete", collection: "posts" }],
])("%s releases nobody", (_, event) => {
  const { hub, released: told } = openHub();
  hub.dispatchRecord(userEvent(event));
  expect(told).toEqual([]);
  expect(hub.find("c1")?.identity).toEqual(user("u1"));
});

test("a released client keeps its subscriptions and may be bound anew", () => {
  const { hub, flush, subscribe } = openHub();
  hub.dispatchRecord(userEvent({ action: "delete" }));
  flush();
  expect(hub.subscriptionCount).toBe(4);
  subscribe("c1", ["users/*"], user("u1"));
  hub.dispatchRecord(userEvent());
  const texts = flush();
  expect(texts["c1"]).toContain("ann@example.com");
  expect(texts["c2"]).toContain('"id":"u1"');
  expect(texts["c2"]).not.toContain("ann@example.com");
});

test.each(["_superusers", "pbc_3142635823"])(
  "a superuser who is deleted is a guest, though nobody knows the collection %s",
  (collection) => {
    const { hub, subscribe, released: told } = openRecordingHub();
    subscribe("c1", ["posts/*"], superuser);
    const deletion = userEvent({ action: "delete", collection, record: { id: "root" } });
    expect(hub.dispatchRecord(deletion)).toBeUndefined();
    expect(told).toEqual([{ clientIds: ["c1"], identity: "pbc_3142635823/root" }]);
    expect(hub.find("c1")?.identity).toBe(guest);
  },
);

test("clients of an unknown auth collection are released by the name that their tokens gave it", () => {
  const { hub, subscribe, released: told } = openRecordingHub();
  subscribe("c1", [], { ...user("u1"), collectionId: "members", collectionName: "members" });
  hub.dispatchRecord(userEvent({ action: "delete", collection: "members" }));
  expect(told).toEqual([{ clientIds: ["c1"], identity: "members/u1" }]);
});

test("clients of an auth collection that is removed are guests", () => {
  const { hub, released: told } = openHub();
  hub.setCollections(collectionSet(posts));
  expect(told).toEqual([...released, { clientIds: ["c3"], identity: "users_id/u2" }]);
  expect(["c1", "c2", "c3"].map((id) => hub.find(id)?.identity)).toEqual([guest, guest, guest]);
});

test.each<[what: string, collections: CollectionSet]>([
  ["is renamed", collectionSet({ ...users, name: "members" })],
  ["has other rules", collectionSet({ ...users, listRule: null })],
  ["stays while another goes", collectionSet(users)],
])("clients of an auth collection that %s keep their identity", (_, collections) => {
  const { hub, released: told } = openHub();
  hub.setCollections(collections);
  expect(told).toEqual([]);
  expect(hub.find("c1")?.identity).toEqual(user("u1"));
});

test("a superuser stays one while the collections do not list superusers", () => {
  const { hub, subscribe, released: told } = openHub();
  subscribe("root", [], superuser);
  hub.setCollections(new CollectionSet());
  expect(told.map(({ identity }) => identity)).toEqual(["users_id/u1", "users_id/u2"]);
  expect(hub.find("root")?.identity).toEqual(superuser);
});
