import cluster from "node:cluster";
import type { Logger } from "pino";
import { prepareDemo } from "./demo.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { openLog } from "./log.ts";
import { parseSettings, type Settings } from "./settings.ts";
import { Siblings, tellPrimary } from "./siblings.ts";
import { StartError } from "./start-error.ts";
import { welcomeText } from "./welcome.ts";
import { Workers } from "./workers.ts";

async function main(): Promise<void> {
  const parsed = parseSettings(process.env);
  if ("problems" in parsed) throw new StartError(parsed.problems);
  const { settings } = parsed;
  const log = openLog(settings);
  if (cluster.isWorker) return work(settings, log);
  if (settings.workers === 1) return serve(settings, log);
  await new Workers({ count: settings.workers, log }).run();
  process.exit(0);
}

/** Is the only gateway on its port. */
async function serve(settings: Settings, log: Logger): Promise<void> {
  const demo = settings.redisUrl === undefined ? await prepareDemo(settings) : undefined;
  const gateway = await startGateway(demo?.settings ?? settings, { log, collections: demo?.collections });
  log.info({ port: gateway.port, backplane: demo === undefined ? "redis" : "embedded" }, "gateway started");
  if (demo !== undefined) {
    const { console, playground } = settings;
    const { superuserToken } = demo;
    process.stdout.write(welcomeText({ port: gateway.port, superuserToken, console, playground }));
  }
  stopOnSignal(gateway, (signal) => log.info(`${signal}: draining`), true);
}

/** Is one of several. Signals come from the process that started it, and besides from whoever signals its whole group. */
async function work(settings: Settings, log: Logger): Promise<void> {
  const siblings = new Siblings(Number(process.env["WORKER"]));
  const gateway = await startGateway(settings, { log: log.child({ worker: siblings.number }), siblings });
  stopOnSignal(gateway, () => undefined, false);
}

/** The first signal drains, a second one exits at once. */
function stopOnSignal(gateway: Gateway, report: (signal: string) => void, secondExits: boolean): void {
  let draining = false;
  const stop = async (signal: string): Promise<void> => {
    if (draining && secondExits) process.exit(1);
    if (draining) return;
    draining = true;
    report(signal);
    await gateway.drain();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => void stop(signal));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  const lines = error.problems.map((problem) => `  ${problem}\n`);
  if (cluster.isWorker) await tellPrimary({ type: "cannot-start", problems: error.problems });
  else process.stderr.write(`Sluice cannot start:\n${lines.join("")}`);
  process.exit(1);
}
