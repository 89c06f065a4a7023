import { type Backplane, checkRedis, type NodeHandlers, openBackplane } from "@sluice/backplane";
import type { Logger } from "pino";
import { concealing, secretsOf } from "./log.ts";
import type { Settings } from "./settings.ts";
import { StartError } from "./start-error.ts";

/** A Redis that says nothing for so long, asked or not, is lost. */
const maxSilenceMs = 5_000;

/**
 * Opens the backplane that the settings name.
 * @throws {StartError} where it cannot be, or Redis is not as it has to be
 */
export async function startBackplane(
  settings: Settings,
  handlers: NodeHandlers,
  log: Logger,
): Promise<Backplane> {
  try {
    await check(settings, log);
    const { maxStreamsPerIdentity } = settings.limits;
    const silenceMs = silenceOf(settings.streams.heartbeatSeconds);
    return await openBackplane(
      settings.redisUrl,
      { ...settings, maxStreamsPerIdentity, silenceMs },
      handlers,
    );
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = concealing(secretsOf(settings))(error instanceof Error ? error.message : String(error));
    throw new StartError([`REDIS_URL: ${reason}`], { cause: error });
  }
}

/** Says what is not as it should be in Redis, before anything fails for it. */
async function check({ redisUrl, keyPrefix }: Settings, log: Logger): Promise<void> {
  const findings = redisUrl === undefined ? [] : await checkRedis(redisUrl, keyPrefix);
  const fatal = findings.filter(({ weight }) => weight === "fatal");
  if (fatal.length > 0) throw new StartError(fatal.map(({ text }) => `REDIS_URL: ${text}`));
  for (const { weight, text } of findings) log[weight === "warning" ? "warn" : "debug"](`Redis: ${text}`);
}

/** A frozen Redis is to be noticed within two heartbeats. */
function silenceOf(heartbeatSeconds: number): number {
  return heartbeatSeconds === 0 ? maxSilenceMs : Math.min(maxSilenceMs, heartbeatSeconds * 1_500);
}
