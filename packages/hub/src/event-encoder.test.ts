import { guest, type Identity, type RecordEvent } from "@sluice/protocol";
import { expect, test } from "vitest";
import { EventEncoder } from "./event-encoder.ts";
import {
  collectionOf,
  openRecordingHub,
  postEvent,
  posts,
  superuser,
  user,
  users,
} from "../../../test/harness/recording-hub.ts";

/** The collection of PocketBase's example frame. */
const example = collectionOf({
  name: "posts",
  fields: [
    { name: "id", type: "text" },
    { name: "title", type: "text" },
    { name: "score", type: "number" },
    { name: "tags", type: "select", maxSelect: 3 },
    { name: "meta", type: "json" },
    { name: "author", type: "relation", maxSelect: 1 },
    { name: "created", type: "autodate" },
    { name: "updated", type: "autodate" },
  ],
});

test.each<RecordEvent["action"]>(["create", "update", "delete"])(
  "the data of a %s has PocketBase's bytes",
  (action) => {
    const date = "2026-08-14 10:00:00.123Z";
    const record = { id: "p1", title: "Tom & Co", author: "u1", created: date, updated: date };
    const encoder = new EventEncoder(example, { kind: "record", action, collection: "posts", record });
    expect(encoder.encode("public")).toBe(
      `{"record":{"author":"u1","collectionId":"pbc_1125843985","collectionName":"posts","created":"${date}","id":"p1","meta":null,"score":0,"tags":[],"title":"Tom \\u0026 Co","updated":"${date}"},"action":"${action}"}`,
    );
  },
);

test("each view is written with its own fields", () => {
  const { hub, subscribe, flush } = openRecordingHub([users]);
  const who: Record<string, Identity> = { owner: user("u1"), other: user("u2"), guest, superuser };
  for (const [clientId, identity] of Object.entries(who)) subscribe(clientId, ["users/u1"], identity);
  const record = { id: "u1", email: "ann@example.com" };
  hub.dispatchRecord({ kind: "record", action: "update", collection: "users", record });
  const texts = flush();
  const saw = Object.keys(who).filter((clientId) => texts[clientId]?.includes("ann@example.com"));
  expect(saw).toEqual(["owner", "superuser"]);
  expect(Object.keys(texts)).toHaveLength(4);
});

test("clients with the same subscription and view share the bytes of a frame", () => {
  const { hub, subscribe, flush, writes } = openRecordingHub([posts]);
  subscribe("c1", ["posts/*"]);
  subscribe("c2", ["posts/*"], user("u1"));
  hub.dispatchRecord(postEvent());
  flush();
  const [one, two] = writes;
  expect(one?.bytes).toBeInstanceOf(Uint8Array);
  expect(one?.bytes).toBe(two?.bytes);
});

test("a subscriber who may not have an event costs no encoding of it", () => {
  const { hub, subscribe, flush } = openRecordingHub([{ ...posts, listRule: null }]);
  subscribe("c1", ["posts/*"]);
  const record = {
    id: "p1",
    get title(): string {
      throw new TypeError("expected nobody to read the title");
    },
  };
  hub.dispatchRecord(postEvent("p1", { record }));
  expect(flush()).toEqual({});
});
