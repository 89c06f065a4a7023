import { describe, expect, test } from "vitest";
import type { Batch, Frame } from "./batch.ts";
import { Client } from "./client.ts";
import { Outboxes } from "./outboxes.ts";

/** A reader that takes bytes or does not, and what it was sent: one text a write. */
interface Reader {
  readonly client: Client;
  readonly writes: string[];
  takes: boolean;
  isCut: boolean;
}

function open(id: string): Reader {
  const writes: string[] = [];
  const sink = {
    write: ({ bytes }: Batch): boolean => {
      writes.push(new TextDecoder().decode(bytes));
      return reader.takes;
    },
    cut: () => void (reader.isCut = true),
  };
  const reader: Reader = { client: new Client(id, "", sink), writes, takes: true, isCut: false };
  return reader;
}

function openOutboxes({ clientBytes = 100, totalBytes = 1_000 } = {}) {
  const pending: (() => void)[] = [];
  const clock = { nowMs: 0, stepMs: 0 };
  const outboxes = new Outboxes({
    limits: { clientBytes, totalBytes },
    steadyMs: () => (clock.nowMs += clock.stepMs),
    defer: (flush) => pending.push(flush),
  });
  /** One turn of the event loop. */
  const turn = (): void => {
    for (const flush of pending.splice(0)) flush();
  };
  return { outboxes, turn, pending, clock };
}

/** Outboxes, and a reader that takes nothing behind its first frame. */
function openBlocked(limits = {}) {
  const opened = openOutboxes(limits);
  const reader = open("slow");
  reader.takes = false;
  opened.outboxes.put(reader.client, frame("first"));
  opened.turn();
  return { ...opened, reader };
}

function clientsOf(readers: readonly Reader[]): readonly Client[] {
  return readers.map(({ client }) => client);
}

function frame(text: string, subject?: string): Frame {
  return { bytes: new TextEncoder().encode(text), subject };
}

test("what one turn brings is one write for each client, in its order", () => {
  const { outboxes, turn, pending } = openOutboxes();
  const [one, other] = [open("one"), open("other")];
  const [a, b] = [frame("a"), frame("b")];
  outboxes.put(one.client, a);
  outboxes.put(other.client, b);
  outboxes.put(one.client, b);
  outboxes.put(other.client, a);
  expect(pending.length).toBe(1);
  turn();
  outboxes.put(one.client, a);
  turn();
  turn();
  expect([one.writes, other.writes]).toEqual([["ab", "a"], ["ba"]]);
});

test("a client that is gone gets nothing of what was in its outbox", () => {
  const { outboxes, turn } = openOutboxes();
  const reader = open("one");
  outboxes.put(reader.client, frame("a"));
  outboxes.forget(reader.client);
  turn();
  expect(reader.writes).toEqual([]);
});

test("a long flush goes on in the next turn, and everybody keeps their order", () => {
  const { outboxes, turn, clock } = openOutboxes();
  const readers = Array.from({ length: 100 }, (_, index) => open(`c${index}`));
  const [a, b] = [frame("a"), frame("b")];
  outboxes.putAll(clientsOf(readers), a);
  clock.stepMs = 8;
  turn();
  const flushed = readers.filter(({ writes }) => writes.length > 0).length;
  expect(flushed).toBeGreaterThan(0);
  expect(flushed).toBeLessThan(100);
  expect(outboxes.writes).toEqual({ due: 100, done: flushed });
  outboxes.putAll(clientsOf(readers), b);
  for (let turns = 0; turns < 10; turns++) turn();
  expect(readers.map(({ writes }) => writes.join(""))).toEqual(readers.map(() => "ab"));
  // who had not been written the first frame has both in one write
  expect(outboxes.writes).toEqual({ due: 100 + flushed, done: 100 + flushed });
});

describe("a client that takes no bytes", () => {
  test("is written nothing until it does, and then all that waited in one", () => {
    const { outboxes, reader, turn } = openBlocked();
    outboxes.put(reader.client, frame("a"));
    turn();
    outboxes.put(reader.client, frame("b"));
    turn();
    expect([reader.writes, outboxes.waitingBytes]).toEqual([["first"], 2]);
    reader.takes = true;
    outboxes.unblock(reader.client);
    outboxes.put(reader.client, frame("c"));
    turn();
    expect([reader.writes, outboxes.waitingBytes]).toEqual([["first", "ab", "c"], 0]);
  });

  test("keeps only the newest of each subject when too much waits, where the newest came", () => {
    const { outboxes, reader, turn } = openBlocked({ clientBytes: 8 });
    for (const [text, subject] of [
      ["a1", "a"],
      ["b1", "b"],
      ["m1", undefined],
      ["a2", "a"],
      ["m2", undefined],
      ["b2", "b"],
    ] as const) {
      outboxes.put(reader.client, frame(text, subject));
    }
    expect([outboxes.waitingBytes, reader.isCut]).toEqual([8, false]);
    outboxes.unblock(reader.client);
    turn();
    const conflated = 'event:@conflated\ndata:{"skipped":2}\n\n';
    expect(reader.writes).toEqual(["first", `${conflated}m1a2m2b2`]);
  });

  test("is cut where even so too much waits, and is forgotten", () => {
    const { outboxes, reader, turn } = openBlocked({ clientBytes: 8 });
    for (let index = 0; index < 5; index++) outboxes.put(reader.client, frame("xx", `s${index}`));
    expect([reader.isCut, outboxes.waitingBytes]).toEqual([true, 0]);
    outboxes.unblock(reader.client);
    turn();
    expect(reader.writes).toEqual(["first"]);
  });

  test("loses nothing of what waits when it is held for a while", () => {
    const { outboxes, reader, turn } = openBlocked({ clientBytes: 200_000, totalBytes: 1_000_000 });
    const texts = ["a", "b", "c"].map((letter) => letter.repeat(40_000));
    for (const text of texts) outboxes.put(reader.client, frame(text));
    // it takes some of it, and no more
    outboxes.unblock(reader.client);
    turn();
    outboxes.hold(reader.client);
    outboxes.put(reader.client, frame("d"));
    outboxes.endHold(reader.client, [frame("missed")], undefined);
    reader.takes = true;
    outboxes.unblock(reader.client);
    turn();
    expect(reader.writes.join("")).toBe(`first${texts.join("")}missedd`);
    expect(outboxes.waitingBytes).toBe(0);
  });

  test("counts no more when it is gone", () => {
    const { outboxes, reader } = openBlocked();
    outboxes.put(reader.client, frame("abc"));
    expect(outboxes.waitingBytes).toBe(3);
    outboxes.forget(reader.client);
    expect(outboxes.waitingBytes).toBe(0);
  });
});

test("where too much waits for all together, those with the most are cut first", () => {
  const { outboxes, turn } = openOutboxes({ clientBytes: 100, totalBytes: 100 });
  const readers = [10, 40, 20, 25].map((size, index) =>
    Object.assign(open(`c${index}`), { size, takes: false }),
  );
  outboxes.putAll(clientsOf(readers), frame("first"));
  turn();
  for (const { client, size } of readers) outboxes.put(client, frame("x".repeat(size)));
  expect(outboxes.waitingBytes).toBe(95);
  outboxes.put(readers[0]?.client ?? open("none").client, frame("x".repeat(10)));
  expect(readers.map(({ isCut }) => isCut)).toEqual([false, true, false, false]);
  expect(outboxes.waitingBytes).toBe(65);
});
