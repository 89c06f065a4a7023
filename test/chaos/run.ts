import { parseArgs } from "node:util";
import { endChildrenWithMe } from "../bench/children.ts";
import { runChaos } from "./chaos-run.ts";
import { clientKinds } from "./client-plan.ts";
import { faultNames } from "./fault-plan.ts";
import { writeLogs } from "./logs.ts";
import { emptyTallies, isFaultless, offendersOf, tableOf, talliesOf } from "./report.ts";
import { type Sabotage, sabotages } from "./sabotages.ts";
import { addTally } from "./tally.ts";

const help = `Has clients of all kinds listen through three nodes while everything breaks, and says what each got of what it
had to receive.

  npm run chaos
      one run of 60 s with a seed by chance, which is printed
  npm run chaos -- --seed N --seconds S
      that run again: the same faults, in the same order
  npm run chaos -- --seeds 1..20
      several runs, and their sum
  npm run chaos -- --only NAME[,NAME…]
      only some faults: ${faultNames.join(", ")}
  npm run chaos -- --sabotage ${Object.keys(sabotages).join("|")}
      with something broken in the nodes on purpose, which must be seen

  --verbose         the plan, and every fault when it happens
  --rate N          events per second (100)
  --native N --stock N --resume N
                    how many clients: plain EventSource (150), official SDKs (36), the same with packages/resume (24)
  --logs FOLDER     where to write what the nodes have logged, and all that happened to the first who were wronged

In the table, what stands in capitals must be 0; what each means: test/chaos/judge.ts. Exit code: 0 where it is, 1 where
something is not, 2 where the arguments are bad.
`;

const text = { type: "string" } as const;

function readArguments() {
  const { values } = parseArgs({
    options: {
      seed: text,
      seeds: text,
      seconds: { ...text, default: "60" },
      rate: { ...text, default: "100" },
      native: { ...text, default: "150" },
      stock: { ...text, default: "36" },
      resume: { ...text, default: "24" },
      only: text,
      sabotage: text,
      logs: text,
      verbose: { type: "boolean", short: "v", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const only = values.only?.split(",");
  const unknown = only?.find((name) => !faultNames.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`--only: expected any of ${faultNames.join(", ")}, got ${unknown}`);
  const clients = {
    native: numberIn("--native", values.native),
    stock: numberIn("--stock", values.stock),
    resume: numberIn("--resume", values.resume),
  };
  return {
    ...values,
    only,
    clients,
    sabotage: sabotageIn(values.sabotage),
    seeds: seedsIn(values.seeds ?? values.seed ?? String(Date.now() % 1_000_000)),
    seconds: numberIn("--seconds", values.seconds),
    rate: numberIn("--rate", values.rate),
  };
}

function numberIn(name: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new TypeError(`${name}: expected a number, got ${value}`);
  return Number(value);
}

function seedsIn(value: string): readonly number[] {
  const [, first, last] = /^(\d+)(?:\.\.(\d+))?$/.exec(value) ?? [];
  const seeds: number[] = [];
  for (let seed = Number(first); seed <= Number(last ?? first); seed++) seeds.push(seed);
  if (seeds.length === 0) throw new TypeError(`expected a seed or a range like 1..20, got ${value}`);
  return seeds;
}

function sabotageIn(value: string | undefined): Sabotage | undefined {
  if (value === undefined || isSabotage(value)) return value;
  throw new TypeError(`--sabotage: expected any of ${Object.keys(sabotages).join(", ")}, got ${value}`);
}

function isSabotage(value: string): value is Sabotage {
  return value in sabotages;
}

function readOptions(): ReturnType<typeof readArguments> {
  try {
    return readArguments();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(2);
  }
}

async function main(): Promise<boolean> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(help);
    return true;
  }
  endChildrenWithMe();
  const sum = emptyTallies();
  for (const seed of options.seeds) {
    process.stdout.write(`seed ${seed}, ${options.seconds} s\n`);
    const startMs = Date.now();
    const onLine = (line: string): void =>
      void (
        options.verbose &&
        process.stdout.write(`${((Date.now() - startMs) / 1_000).toFixed(2).padStart(6)}  ${line}\n`)
      );
    const outcome = await runChaos({ ...options, seed, onLine });
    if (options.logs !== undefined) writeLogs(options.logs, outcome);
    const tallies = talliesOf(outcome);
    for (const kind of clientKinds) addTally(sum[kind], tallies[kind]);
    const offenders = offendersOf(outcome);
    process.stdout.write(`${outcome.events.length} events\n${tableOf(tallies)}\n${offenders}\n`);
  }
  if (options.seeds.length > 1) process.stdout.write(`\n${options.seeds.length} seeds\n${tableOf(sum)}\n`);
  return isFaultless(sum);
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(
    `the run failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
// whatever a failure left open must not hold the process
process.exit();
