import { pino } from "pino";
import { expect, test } from "vitest";
import { SparseLog } from "./sparse-log.ts";

test("of each kind the first is logged at once, then one an interval, with the number since", () => {
  const lines: unknown[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  let nowMs = 0;
  const sparse = new SparseLog({ log, nowMs: () => nowMs, intervalMs: 1_000 });
  for (const atMs of [0, 1, 500, 999, 1_000, 1_001, 2_000]) {
    nowMs = atMs;
    sparse.warn("a", { atMs }, "a happened");
    if (atMs === 500) sparse.warn("b", { atMs }, "b happened");
  }
  expect(lines).toMatchObject([
    { atMs: 0, count: 1, msg: "a happened" },
    { atMs: 500, count: 1, msg: "b happened" },
    { atMs: 1_000, count: 4, msg: "a happened" },
    { atMs: 2_000, count: 2, msg: "a happened" },
  ]);
});
