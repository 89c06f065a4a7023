import { parseArgs } from "node:util";
import { endChildrenWithMe } from "../bench/children.ts";
import { offendersOf, tableOf, talliesOf } from "./report.ts";
import { type RollPlan, rollNodes } from "./rolling-restart.ts";

const help = `Restarts three nodes, one after the other, under official SDKs and a steady flow of events, behind a balancer that
hands each request to the next node; says what each restart took, and what the SDKs got of what they had to receive.

  npm run rolling -- --clients N    how many SDKs, as they are (300)
                     --rate N       events per second (200)
                     --drain N      DRAIN_SECONDS of the nodes (20)
                     --seed N       what is written (1)

Exit code: 0 where nothing was lost, everybody is connected and each restart took DRAIN_SECONDS + 5 at most; 1 where
not; 2 where the arguments are bad.
`;

const defaults = { clients: "300", rate: "200", drain: "20", seed: "1" };

/** @returns nothing where only help was asked for */
function readPlan(): RollPlan | undefined {
  const text = { type: "string" } as const;
  const options = { clients: text, rate: text, drain: text, seed: text, help: { type: "boolean" } } as const;
  const { values } = parseArgs({ options });
  if (values.help === true) return undefined;
  const numberOf = (name: keyof typeof defaults): number => {
    const value = values[name] ?? defaults[name];
    if (!/^\d+$/.test(value)) throw new TypeError(`--${name}: expected a number, got ${value}`);
    return Number(value);
  };
  const [clients, rate, drainSeconds, seed] = [
    numberOf("clients"),
    numberOf("rate"),
    numberOf("drain"),
    numberOf("seed"),
  ];
  const startMs = performance.now();
  const onLine = (line: string): void => {
    const seconds = (performance.now() - startMs) / 1_000;
    process.stdout.write(`${seconds.toFixed(1).padStart(6)}  ${line}\n`);
  };
  return { clients, rate, drainSeconds, seed, onLine };
}

async function main(): Promise<number> {
  let plan: RollPlan | undefined;
  try {
    plan = readPlan();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return 2;
  }
  if (plan === undefined) {
    process.stdout.write(help);
    return 0;
  }
  endChildrenWithMe();
  const outcome = await rollNodes(plan);
  process.stdout.write(`${outcome.events.length} events\n${tableOf(talliesOf(outcome))}\n`);
  for (const line of [offendersOf(outcome), ...outcome.complaints]) {
    if (line !== "") process.stdout.write(`${line}\n`);
  }
  return outcome.complaints.length === 0 ? 0 : 1;
}

process.exit(await main());
