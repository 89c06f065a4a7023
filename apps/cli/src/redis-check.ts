import { checkRedis, type RedisState } from "@sluice/backplane";
import type { Command } from "commander";
import { createCommand } from "./command.ts";
import { describeRows, type OutputOptions, printResult } from "./output.ts";
import { redisPlaceOf, type RedisOptions, withDeployment, withRedis } from "./redis-options.ts";

/** `sluice redis-check`: whether nodes can work with a Redis. */
export function redisCheckCommand(): Command {
  const command = createCommand(
    "redis-check",
    "Says whether gateways can work with a Redis, and what is risky: version, role, permissions, eviction, buffers. Changes nothing there.",
    {
      "sluice redis-check": "the Redis of REDIS_URL",
      "sluice redis-check --redis rediss://nodes@redis.internal --json": "another, for a machine",
    },
  );
  return withRedis(command).action(checkFitness);
}

async function checkFitness(options: RedisOptions & OutputOptions): Promise<void> {
  const { url, keyPrefix } = redisPlaceOf(options);
  const findings = await checkRedis(url, keyPrefix);
  const fit = findings.every(({ weight }) => weight !== "fatal");
  // who lacks a permission may lack one for this
  const state = fit ? await withDeployment(options, (deployment) => deployment.readState()) : undefined;
  if (!fit) process.exitCode = 1;
  const rows = [
    ...(state === undefined ? [] : rowsOf(state)),
    ...findings.map(({ weight, text }) => [weight, text] as const),
  ];
  const verdict = fit ? "fit for gateways" : "not fit for gateways";
  await printResult(options, { fit, findings, ...state }, `${describeRows(rows)}\n${verdict}`);
}

function rowsOf(state: RedisState): readonly (readonly [name: string, text: string])[] {
  const { version = "unknown", appendOnly, evictionPolicy = "unknown", usedBytes, maxBytes } = state;
  const { logEntries = "unknown number of", oldestEntry, newestEntry, clockAheadMs } = state;
  const persistence = appendOnly
    ? "appendonly yes: the log outlives a restart"
    : "appendonly no: the log does not outlive a restart";
  const limit = maxBytes === 0 ? "without a limit" : `of ${inMebibytes(maxBytes)}`;
  const range = oldestEntry === undefined ? "" : `, from ${oldestEntry} to ${newestEntry}`;
  return [
    ["version", version],
    ["persistence", appendOnly === undefined ? "unknown" : persistence],
    ["memory", `${inMebibytes(usedBytes)} ${limit}, maxmemory-policy ${evictionPolicy}`],
    ["log", `${logEntries} entries${range}`],
    ["clock", `${clockAheadMs} ms ahead of this machine's`],
  ];
}

function inMebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "unknown" : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
