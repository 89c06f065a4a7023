import { prepareDemo } from "./demo.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { openLog } from "./log.ts";
import { parseSettings } from "./settings.ts";
import { StartError } from "./start-error.ts";
import { welcomeText } from "./welcome.ts";

async function main(): Promise<void> {
  const parsed = parseSettings(process.env);
  if ("problems" in parsed) throw new StartError(parsed.problems);
  const { redisUrl } = parsed.settings;
  const log = openLog(parsed.settings);
  const demo = redisUrl === undefined ? await prepareDemo(parsed.settings) : undefined;
  const gateway = await startGateway(demo?.settings ?? parsed.settings, log);
  log.info({ port: gateway.port, backplane: demo === undefined ? "redis" : "embedded" }, "gateway started");
  if (demo !== undefined) {
    process.stdout.write(welcomeText({ port: gateway.port, superuserToken: demo.superuserToken }));
  }
  stopOnSignal(gateway, (fact) => log.info(fact));
}

/** The first signal drains, a second one exits at once. */
function stopOnSignal(gateway: Gateway, report: (fact: string) => void): void {
  let draining = false;
  const stop = async (signal: string): Promise<void> => {
    if (draining) process.exit(1);
    draining = true;
    report(`${signal}: draining`);
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
  process.stderr.write(`Sluice cannot start:\n${lines.join("")}`);
  process.exit(1);
}
