import { guest } from "@sluice/protocol";
import { beforeEach, expect, test } from "vitest";
import { BoundClients } from "./bound-clients.ts";
import { Client } from "./client.ts";
import { user } from "../../../test/harness/recording-hub.ts";

const clientOf = (id: string): Client => new Client(id, "", { write: () => true, cut: () => {} });

let bound: BoundClients;
let moved: string[];
let released: [clientIds: readonly string[], identity: string][];
beforeEach(() => {
  moved = [];
  released = [];
  bound = new BoundClients({
    // nothing is followed
    records: { has: () => false, get: () => undefined },
    position: () => "",
    onMoved: (clients) => moved.push(...clients.map(({ id }) => id)),
    onReleased: (clientIds, identity) => released.push([clientIds, identity]),
  });
});

test("all clients of a record are released at once and are guests then", () => {
  const [one, two, other] = [clientOf("c1"), clientOf("c2"), clientOf("c3")] as const;
  bound.bind(one, user("u1"));
  bound.bind(two, user("u1"));
  bound.bind(other, user("u2"));
  bound.release("users_id", "u1");
  expect(moved).toEqual(["c1", "c2"]);
  expect(released).toEqual([[["c1", "c2"], "users_id/u1"]]);
  expect([one.identity, two.identity, other.identity]).toEqual([guest, guest, user("u2")]);
  bound.release("users_id", "u1");
  expect(released).toHaveLength(1);
  bound.releaseAll("users_id");
  expect(released.at(-1)).toEqual([["c3"], "users_id/u2"]);
});

test("a client that is bound anew is loosed from what it was bound to", () => {
  const client = clientOf("c1");
  bound.bind(client, user("u1"));
  bound.bind(client, user("u2"));
  bound.release("users_id", "u1");
  expect(client.identity).toEqual(user("u2"));
  bound.bind(client, guest);
  bound.releaseAll("users_id");
  expect(released).toEqual([]);
  expect(client.identity).toBe(guest);
});

test("records are told apart by their collection", () => {
  const [one, two] = [clientOf("c1"), clientOf("c2")] as const;
  bound.bind(one, user("u1"));
  bound.bind(two, { ...user("u1"), collectionId: "users" });
  bound.releaseAll("users");
  expect(released).toEqual([[["c2"], "users/u1"]]);
  expect(one.identity).toEqual(user("u1"));
});

test("a client that is forgotten keeps its identity and is not released", () => {
  const client = clientOf("c1");
  bound.bind(client, user("u1"));
  bound.forget(client);
  bound.release("users_id", "u1");
  expect(released).toEqual([]);
  expect(client.identity).toEqual(user("u1"));
});

test("while nothing is followed a look at the rows changes nobody", () => {
  const client = clientOf("c1");
  bound.bind(client, { ...user("u1"), proof: { keyMark: "5f", entry: "" } });
  bound.refreshAll("users_id");
  expect(released).toEqual([]);
  expect(client.identity).toMatchObject(user("u1"));
});
