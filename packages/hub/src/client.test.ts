import { expect, test } from "vitest";
import { Client } from "./client.ts";

test("a client begins as a guest without subscriptions", () => {
  const { id, address, identity, subscriptions, version, waitingBytes, isBlocked } = new Client(
    "c1",
    "127.0.0.1",
    { write: () => true, cut: () => {} },
  );
  expect({ id, address, identity, version, waitingBytes, isBlocked }).toEqual({
    id: "c1",
    address: "127.0.0.1",
    identity: { kind: "guest" },
    version: 0,
    waitingBytes: 0,
    isBlocked: false,
  });
  expect(subscriptions.size).toBe(0);
});
