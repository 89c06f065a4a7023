import { parseArgs } from "node:util";
import { endChildrenWithMe } from "../bench/children.ts";
import { realBalancers } from "../harness/real-balancer.ts";
import { offendersOf, tableOf, talliesOf } from "./report.ts";
import { type RollPlan, rollNodes } from "./rolling-restart.ts";

const help = `Restarts three nodes, one after the other, under official SDKs and a steady flow of events, behind nginx or
HAProxy as docs/balancers has them; says what each restart took, and what the SDKs got of what they had to receive.

  npm run rolling -- --balancer B   ${realBalancers.join(" or ")} (nginx)
                     --clients N    how many SDKs, as they are (300)
                     --rate N       events per second (200)
                     --drain N      DRAIN_SECONDS of the nodes (20)
                     --seed N       what is written (1)

Exit code: 0 where nothing was lost, everybody is connected and each node left within DRAIN_SECONDS + 5; 1 where
not; 2 where the arguments are bad.
`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      balancer: { type: "string", default: "nginx" },
      clients: { type: "string", default: "300" },
      rate: { type: "string", default: "200" },
      drain: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const balancer = realBalancers.find((name) => name === values.balancer);
  if (balancer === undefined)
    throw new TypeError(`--balancer: expected ${realBalancers.join(" or ")}, got ${values.balancer}`);
  const plan = {
    balancer,
    clients: numberIn("--clients", values.clients),
    rate: numberIn("--rate", values.rate),
    drainSeconds: numberIn("--drain", values.drain),
    seed: numberIn("--seed", values.seed),
  };
  return { plan, help: values.help };
}

function numberIn(name: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new TypeError(`${name}: expected a number, got ${value}`);
  return Number(value);
}

function readOptions(): ReturnType<typeof readArguments> {
  try {
    return readArguments();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(2);
  }
}

async function roll(plan: RollPlan): Promise<number> {
  endChildrenWithMe();
  const startMs = performance.now();
  const print = (line: string): void => {
    const seconds = (performance.now() - startMs) / 1_000;
    process.stdout.write(`${seconds.toFixed(1).padStart(6)}  ${line}\n`);
  };
  const outcome = await rollNodes({ ...plan, onLine: print });
  process.stdout.write(`${outcome.events.length} events\n${tableOf(talliesOf(outcome))}\n`);
  for (const line of [...outcome.complaints, offendersOf(outcome)]) process.stdout.write(`${line}\n`);
  return outcome.complaints.length === 0 ? 0 : 1;
}

const options = readOptions();
if (options.help) process.stdout.write(help);
// whatever a failure left open must not hold the process
else process.exit(await roll(options.plan));
