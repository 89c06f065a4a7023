import { guest } from "@sluice/protocol";
import { expect, test } from "vitest";
import { BoundClients } from "./bound-clients.ts";
import { Client } from "./client.ts";
import { user } from "../../../test/harness/recording-hub.ts";

const clientOf = (id: string): Client => new Client(id, "", { write: () => true, cut: () => {} });

test("all clients of a record are released at once and are guests then", () => {
  const bound = new BoundClients();
  const [one, two, other] = [clientOf("c1"), clientOf("c2"), clientOf("c3")] as const;
  bound.bind(one, user("u1"));
  bound.bind(two, user("u1"));
  bound.bind(other, user("u2"));
  expect(bound.release("users_id", "u1")).toEqual([one, two]);
  expect([one.identity, two.identity, other.identity]).toEqual([guest, guest, user("u2")]);
  expect(bound.release("users_id", "u1")).toEqual([]);
  expect(bound.recordsOf("users_id")).toEqual(["u2"]);
});

test("a client that is bound anew is loosed from what it was bound to", () => {
  const bound = new BoundClients();
  const client = clientOf("c1");
  bound.bind(client, user("u1"));
  bound.bind(client, user("u2"));
  expect(bound.recordsOf("users_id")).toEqual(["u2"]);
  bound.bind(client, guest);
  expect(bound.recordsOf("users_id")).toEqual([]);
  expect(client.identity).toBe(guest);
});

test("records are told apart by their collection", () => {
  const bound = new BoundClients();
  const [one, two] = [clientOf("c1"), clientOf("c2")] as const;
  bound.bind(one, user("u1"));
  bound.bind(two, { ...user("u1"), collectionId: "users" });
  expect(bound.recordsOf("users")).toEqual(["u1"]);
  expect(bound.release("users", "u1")).toEqual([two]);
  expect(one.identity).toEqual(user("u1"));
});

test("a client that is forgotten keeps its identity and is not released", () => {
  const bound = new BoundClients();
  const client = clientOf("c1");
  bound.bind(client, user("u1"));
  bound.forget(client);
  expect(bound.release("users_id", "u1")).toEqual([]);
  expect(client.identity).toEqual(user("u1"));
});
