import { expect, test } from "vitest";
import { type ChaosOutcome, runChaos } from "./chaos-run.ts";
import { offendersOf, tableOf, talliesOf } from "./report.ts";

async function breakThings(seed: number, only?: readonly string[]): Promise<ChaosOutcome> {
  const clients = { native: 100, stock: 30, resume: 20 };
  const outcome = await runChaos({ seed, seconds: 20, clients, rate: 100, only });
  const tallies = talliesOf(outcome);
  process.stdout.write(`chaos, seed ${seed}, ${outcome.events.length} events\n${tableOf(tallies)}\n`);
  expect(Math.min(...Object.values(tallies).map(({ received }) => received))).toBeGreaterThan(1_000);
  return outcome;
}

test("P4, P5: clients with a cursor lose nothing, get nothing twice or out of order, and are told, whatever breaks", async () => {
  const outcome = await breakThings(1);
  const verdicts = outcome.verdicts.filter((_verdict, client) => outcome.clients[client]?.kind !== "stock");
  expect(offendersOf({ ...outcome, verdicts })).toBe("");
  const { stock } = talliesOf(outcome);
  expect([stock.leaked, stock.absent]).toEqual([0, 0]);
});

test("P5: nor do SDKs without one lose anything when nodes leave, die or end their streams", async () => {
  const nodesAndNetworks = ["kill-node", "kill-nodes", "terminate-node", "cut-clients", "hold-clients"];
  expect(offendersOf(await breakThings(2, nodesAndNetworks))).toBe("");
});
