import { expect, test } from "vitest";
import { offendersOf } from "../chaos/report.ts";
import { rollNodes } from "../chaos/rolling-restart.ts";

test("P5: all nodes are restarted, one after the other, and no SDK loses an event or stays disconnected", async () => {
  const outcome = await rollNodes({ clients: 90, rate: 100, drainSeconds: 3, seed: 1 });
  expect(outcome.complaints.join("\n") + offendersOf(outcome)).toBe("");
  expect(outcome.restarts).toHaveLength(3);
  expect(outcome.verdicts.reduce((sum, { tally }) => sum + tally.received, 0)).toBeGreaterThan(10_000);
});
