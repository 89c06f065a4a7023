import { expect, test } from "vitest";
import { Client } from "./client.ts";

test("an outbox leaves in one write, in its order, and is empty then", () => {
  const writes: (readonly Uint8Array[])[] = [];
  const client = new Client("c1", "", { write: (frames) => writes.push(frames) });
  const [first, second, third] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)] as const;
  expect(client.enqueue(first)).toBe(true);
  expect(client.enqueue(second)).toBe(false);
  client.flush();
  expect(client.enqueue(third)).toBe(true);
  client.flush();
  client.flush();
  expect(writes).toEqual([[first, second], [third]]);
});

test("a frame that is put in during a write waits for the next one", () => {
  const writes: (readonly Uint8Array[])[] = [];
  const [first, second] = [Uint8Array.of(1), Uint8Array.of(2)] as const;
  const client = new Client("c1", "", {
    write: (frames) => {
      if (writes.push(frames) === 1) client.enqueue(second);
    },
  });
  client.enqueue(first);
  client.flush();
  expect(writes).toEqual([[first]]);
  client.flush();
  expect(writes).toEqual([[first], [second]]);
});

test("a client begins as a guest without subscriptions", () => {
  const { id, address, identity, subscriptions, version } = new Client("c1", "127.0.0.1", {
    write: () => {},
  });
  expect({ id, address, identity, version }).toEqual({
    id: "c1",
    address: "127.0.0.1",
    identity: { kind: "guest" },
    version: 0,
  });
  expect(subscriptions.size).toBe(0);
});
