import { expect, test } from "vitest";
import { offendersOf, talliesOf } from "./report.ts";
import { runScaleOut } from "./scale-out.ts";

test("P5: nodes that are added get their share of the streams, and nobody loses an event by it", async () => {
  const outcome = await runScaleOut({
    from: 2,
    to: 4,
    // so many that what a node may have over the mean, ten streams or a fifth, keeps to the bar
    clients: { native: 90, stock: 40, resume: 30 },
    rate: 60,
    shedSeconds: 12,
    watch: { seconds: 60, moreSeconds: 2 },
  });
  expect(outcome.evenAfterSeconds).toBeLessThan(60);
  // half of those that end come back to the nodes that had too many
  expect(outcome.ended).toBeLessThan(240);
  expect(offendersOf(outcome)).toBe("");
  expect(talliesOf(outcome).stock.received).toBeGreaterThan(1_000);
});
