import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { openBackplane, type NodeHandlers } from "@sluice/backplane";
import { type Logger, pino, stdSerializers } from "pino";
import { Bridge } from "./bridge.ts";
import { parseSettings, type Settings } from "./settings.ts";

/** A Redis that says nothing for so long is lost. */
const silenceMs = 5_000;

/** How long what waits may take to be written when the bridge is to end. */
const lastWordsMs = 5_000;

const ignore = (): void => undefined;

async function main(settings: Settings): Promise<void> {
  const log = openLog(settings);
  const stop = new AbortController();
  const losses = new EventTarget();
  // a bridge has no clients: of all that a node is told only losses matter
  const handlers: NodeHandlers = {
    position: ignore,
    event: ignore,
    apply: () => "unknown-client",
    sendLast: () => "unknown-client",
    describe: () => undefined,
    collectionsChanged: ignore,
    recordsSeeded: ignore,
    stats: ignore,
    answer: () => "",
    connectionChanged: (connected) =>
      log[connected ? "info" : "warn"](connected ? "Redis is back" : "Redis is lost"),
    gap: () => void losses.dispatchEvent(new Event("gap")),
    fault: (err, doing) => log.warn({ err }, doing),
  };
  const { redisUrl, keyPrefix, logSeconds, logEntries } = settings;
  const kept = await openBackplane(
    redisUrl,
    { keyPrefix, logSeconds, logEntries, orphanSeconds: 0, maxStreamsPerIdentity: 0, silenceMs },
    handlers,
  );
  const bridge = new Bridge({
    pocketBase: { url: settings.pocketBaseUrl, login: settings.login },
    choice: { wanted: settings.collections, follow: new Set(settings.follow) },
    holdMs: settings.holdMs,
    collectionMs: settings.collectionSeconds * 1_000,
    maxWaiting: settings.maxWaiting,
    kept,
    log,
  });
  losses.addEventListener("gap", () => bridge.restart("Redis lost its log"));
  const end = (signal: string): void => {
    if (stop.signal.aborted) process.exit(1);
    log.info(`${signal}: writing what waits`);
    stop.abort();
  };
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, end);
  log.info({ pocketBase: new URL(settings.pocketBaseUrl).host }, "bridge started");
  const stopped = once(stop.signal, "abort");
  await Promise.race([bridge.run(stop.signal), stopped.then(() => delay(lastWordsMs))]);
  await kept.close();
  process.exit(0);
}

/** Of an error only what it says is logged: clients hang requests on theirs, which may hold a password or a record. */
function openLog({ logLevel, login, redisUrl }: Settings): Logger {
  const own = "token" in login ? [login.token] : [login.password];
  const secrets = [...own, redisUrl.login.password, redisUrl.sentinelLogin.password];
  const conceal = (text: string): string =>
    secrets.reduce<string>(
      (shown, secret = "") => (secret === "" ? shown : shown.replaceAll(secret, "…")),
      text,
    );
  const err = (error: unknown): object => {
    if (!(error instanceof Error)) return { message: conceal(String(error)) };
    const { type, message, stack } = stdSerializers.err(error);
    return { type, message: conceal(message), stack: conceal(stack) };
  };
  return pino({ level: logLevel, serializers: { err } });
}

const parsed = parseSettings(process.env);
if ("problems" in parsed) {
  const lines = parsed.problems.map((problem) => `  ${problem}\n`);
  process.stderr.write(`The bridge cannot start:\n${lines.join("")}`);
  process.exit(1);
}
try {
  await main(parsed.settings);
} catch (error) {
  process.stderr.write(
    `The bridge cannot start:\n  REDIS_URL: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
}
