import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Change } from "./row.ts";
import { WaitingRoom } from "./waiting-room.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function change(id: string, at: number | undefined, action: Change["action"] = "update"): Change {
  return { action, collection: "posts", record: { id, at } };
}

/** The order in which changes leave that enter a millisecond apart. */
function left(changes: readonly Change[]): readonly string[] {
  const ids: string[] = [];
  const room = new WaitingRoom({
    holdMs: 20,
    stampOf: ({ record: { at } }) => (typeof at === "number" ? String(at) : undefined),
    leave: ({ record: { id } }) => ids.push(id),
  });
  for (const one of changes) {
    room.enter(one);
    vi.advanceTimersByTime(1);
  }
  vi.advanceTimersByTime(20);
  return ids;
}

test("P4: changes of different records leave in the order in which they were written", () => {
  expect(left([change("c", 3), change("a", 1), change("b", 2)])).toEqual(["a", "b", "c"]);
});

test("P4: what does not say when it was written keeps its place, and so does a delete", () => {
  expect(left([change("b", 2), change("x", undefined), change("d", 1, "delete"), change("a", 1)])).toEqual([
    "a",
    "b",
    "x",
    "d",
  ]);
});

test("all leave at once when the room is emptied", () => {
  const ids: string[] = [];
  const room = new WaitingRoom({
    holdMs: 20,
    stampOf: () => undefined,
    leave: ({ record: { id } }) => ids.push(id),
  });
  room.enter(change("a", 1));
  room.enter(change("b", 2));
  room.empty();
  vi.advanceTimersByTime(100);
  expect(ids).toEqual(["a", "b"]);
});
