import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ArrivalOrder } from "./arrival-order.ts";
import type { Change, Row } from "./row.ts";

const windowMs = 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function change(action: Change["action"], n: number): Change {
  return { action, collection: "posts", record: { id: "p1", n } };
}

/** Notes changes, half a window between them, and returns what is written once the record has been quiet. */
async function written(changes: readonly Change[], row: Row | undefined): Promise<readonly Change[]> {
  const corrections: Change[] = [];
  const order = new ArrivalOrder({
    windowMs,
    stampOf: () => undefined,
    readRow: () => Promise.resolve(row),
    write: (correction) => corrections.push(correction),
    failed: (error) => expect.unreachable(String(error)),
  });
  for (const one of changes) {
    order.take(one);
    await vi.advanceTimersByTimeAsync(windowMs / 2);
  }
  await vi.advanceTimersByTimeAsync(windowMs);
  order.close();
  return corrections;
}

test.each<readonly [what: string, changes: readonly Change[], row: Row | undefined, fix: readonly Change[]]>([
  ["one change is believed", [change("update", 1)], { id: "p1", n: 2 }, []],
  [
    "quick ones that came in order are right",
    [change("update", 1), change("update", 2)],
    { n: 2, id: "p1" },
    [],
  ],
  [
    "an older row that came last is put right",
    [change("update", 2), change("update", 1)],
    { id: "p1", n: 2 },
    [change("update", 2)],
  ],
  [
    "a record that is gone is deleted",
    [change("delete", 1), change("update", 1)],
    undefined,
    [change("delete", 1)],
  ],
  [
    "a record that is there again is created",
    [change("create", 2), change("delete", 1)],
    { id: "p1", n: 2 },
    [change("create", 2)],
  ],
  ["a deleted record that is gone is right", [change("update", 1), change("delete", 1)], undefined, []],
  [
    "a token key that no event tells is no difference",
    [change("update", 1), change("update", 2)],
    { id: "p1", n: 2, tokenKey: "k" },
    [],
  ],
])("P4: %s", async (_what, changes, row, fix) => {
  expect(await written(changes, row)).toEqual(fix);
});

test("a record that never comes to rest is not read, and nothing is read after the end", async () => {
  let reads = 0;
  const order = new ArrivalOrder({
    windowMs,
    stampOf: () => undefined,
    readRow: () => Promise.resolve(void (reads += 1)),
    write: () => expect.unreachable(),
    failed: () => expect.unreachable(),
  });
  for (let n = 0; n < 20; n++) {
    order.take(change("update", n));
    await vi.advanceTimersByTimeAsync(windowMs / 2);
  }
  expect(reads).toBe(0);
  order.close();
  await vi.advanceTimersByTimeAsync(windowMs * 2);
  expect(reads).toBe(0);
});

test.each<readonly [what: string, changes: readonly Change[], taken: readonly boolean[]]>([
  [
    "newer ones are taken",
    [change("create", 1), change("update", 2), change("delete", 2)],
    [true, true, true],
  ],
  ["an older row is not", [change("update", 2), change("update", 1)], [true, false]],
  ["a row that came behind its end is not", [change("delete", 2), change("update", 2)], [true, false]],
  ["a row that is there again is", [change("delete", 2), change("create", 3)], [true, true]],
  ["the same row twice is", [change("update", 2), change("update", 2)], [true, true]],
  [
    "what counts is the newest",
    [change("update", 3), change("update", 1), change("update", 2)],
    [true, false, false],
  ],
])("P4: where rows say when they were written, %s", (_what, changes, taken) => {
  const order = new ArrivalOrder({
    windowMs,
    stampOf: ({ record }) => String(record["n"]),
    readRow: () => Promise.resolve(undefined),
    write: () => undefined,
    failed: (error) => expect.unreachable(String(error)),
  });
  expect(changes.map((one) => order.take(one) === one)).toEqual(taken);
  order.close();
});

test("P4: of two rows that were written in one moment the one that is there now counts", async () => {
  const corrections: Change[] = [];
  const order = new ArrivalOrder({
    windowMs,
    stampOf: () => "now",
    readRow: () => Promise.resolve({ id: "p1", n: 2 }),
    write: (correction) => corrections.push(correction),
    failed: (error) => expect.unreachable(String(error)),
  });
  expect([change("update", 1), change("update", 2)].map((one) => order.take(one) === one)).toEqual([
    true,
    false,
  ]);
  await vi.advanceTimersByTimeAsync(windowMs / 10);
  expect(corrections).toEqual([change("update", 2)]);
  order.close();
});

test("P4: a create that comes behind an update is told, with the newer row", () => {
  const order = new ArrivalOrder({
    windowMs,
    stampOf: ({ record }) => String(record["n"]),
    readRow: () => Promise.resolve(undefined),
    write: () => undefined,
    failed: (error) => expect.unreachable(String(error)),
  });
  expect(order.take(change("update", 2))).toEqual(change("update", 2));
  expect(order.take(change("create", 1))).toEqual(change("create", 2));
  order.close();
});
