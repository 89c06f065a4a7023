import { expect, test } from "vitest";
import { runChaos } from "./chaos-run.ts";
import { isFaultless, talliesOf, type Tallies } from "./report.ts";
import type { Sabotage } from "./sabotages.ts";

// What the harness says counts only if it can say something else: each guard is taken out of the nodes once, and what it
// guards against has to be seen.

const seconds = 6;

async function talliesWithout(sabotage: Sabotage | undefined, only: readonly string[]): Promise<Tallies> {
  const clients = { native: 60, stock: 15, resume: 10 };
  return talliesOf(await runChaos({ seed: 7, seconds, clients, rate: 150, only, sabotage }));
}

const faults = {
  resume: ["kill-node", "terminate-node", "cut-clients", "cut-everybody"],
  anchor: ["trim-log"],
  seam: ["cut-clients", "cut-everybody"],
} as const satisfies Record<Sabotage, readonly string[]>;

test("P5: with resume switched off, all kinds of clients lose events", async () => {
  const { native, stock, resume } = await talliesWithout("resume", faults.resume);
  expect(Math.min(native.lost, stock.lost, resume.lost)).toBeGreaterThan(0);
  expect(native.untold).toBeGreaterThan(0);
});

test("P5: with the anchor rule switched off, clients with a cursor lose events", async () => {
  const { native } = await talliesWithout("anchor", faults.anchor);
  expect(native.lost).toBeGreaterThan(0);
});

test("P5: with the seam unguarded, clients with a cursor lose events", async () => {
  const { native } = await talliesWithout("seam", faults.seam);
  expect(native.lost).toBeGreaterThan(0);
});

test.each(Object.entries(faults))(
  "P5: with all in its place the faults of %s lose nothing",
  async (_name, only) => {
    const tallies = await talliesWithout(undefined, only);
    expect(isFaultless(tallies)).toBe(true);
  },
);
