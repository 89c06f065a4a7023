import { expect, test } from "vitest";
import { offendersOf } from "../chaos/report.ts";
import { rollNodes } from "../chaos/rolling-restart.ts";
import { realBalancers } from "../harness/real-balancer.ts";

test.each(realBalancers)(
  "P5: all nodes behind %s are restarted, and no SDK loses an event or stays disconnected",
  async (balancer) => {
    const outcome = await rollNodes({
      balancer,
      clients: 60,
      tellsApart: true,
      rate: 100,
      drainSeconds: 2,
      seed: 1,
    });
    expect(outcome.complaints.join("\n") + offendersOf(outcome)).toBe("");
    expect(outcome.restarts).toHaveLength(3);
    expect(outcome.verdicts.reduce((sum, { tally }) => sum + tally.received, 0)).toBeGreaterThan(10_000);
  },
);
