import { expect, test } from "vitest";
import { runChaos } from "./chaos-run.ts";
import { isFaultless, offendersOf, tableOf, talliesOf } from "./report.ts";

test.each([
  ["whatever breaks", 1, undefined],
  [
    "nodes and networks break",
    2,
    ["kill-node", "kill-nodes", "terminate-node", "cut-clients", "hold-clients"],
  ],
] as const)(
  "P4, P5: nothing is lost, repeated, out of order or untold when %s",
  async (_what, seed, only) => {
    const clients = { native: 100, stock: 30, resume: 20 };
    const outcome = await runChaos({ seed, seconds: 20, clients, rate: 100, only });
    const tallies = talliesOf(outcome);
    process.stdout.write(`chaos, seed ${seed}, ${outcome.events.length} events\n${tableOf(tallies)}\n`);
    expect(offendersOf(outcome)).toBe("");
    expect(isFaultless(tallies)).toBe(true);
    expect(Math.min(...Object.values(tallies).map(({ received }) => received))).toBeGreaterThan(1_000);
  },
);
