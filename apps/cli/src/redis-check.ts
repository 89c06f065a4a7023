import { checkRedis, type RedisFinding, type RedisState } from "@sluice/backplane";
import type { Command } from "commander";
import { createCommand, withJson } from "./command.ts";
import { print, printJson } from "./output.ts";
import { redisPlaceOf, type RedisOptions, withDeployment, withRedis } from "./redis-options.ts";

interface RedisCheckOptions extends RedisOptions {
  readonly json?: boolean;
}

/** `sluice redis-check`: whether nodes can work with a Redis. */
export function redisCheckCommand(): Command {
  const command = createCommand(
    "redis-check",
    "Says whether gateways can work with a Redis, and what is risky: version, role, permissions, eviction, buffers. Changes nothing there.",
    [
      ["sluice redis-check", "the Redis of REDIS_URL"],
      ["sluice redis-check --redis rediss://nodes@redis.internal --json", "another, for a machine"],
    ],
  );
  return withJson(withRedis(command)).action(checkFitness);
}

async function checkFitness(options: RedisCheckOptions): Promise<void> {
  const { url, keyPrefix } = redisPlaceOf(options);
  const findings = await checkRedis(url, keyPrefix);
  const fit = findings.every(({ weight }) => weight !== "fatal");
  // who lacks a permission may lack one for this
  const state = fit ? await withDeployment(options, (deployment) => deployment.readState()) : undefined;
  if (!fit) process.exitCode = 1;
  if (options.json) return printJson({ fit, findings, ...state });
  if (state !== undefined) await print(describeState(state));
  await print(describeFindings(findings));
  await print(fit ? "fit for gateways\n" : "not fit for gateways\n");
}

function describeState(state: RedisState): string {
  const { version, appendOnly, evictionPolicy, usedBytes, maxBytes, logEntries, oldestEntry, newestEntry } =
    state;
  const limit = maxBytes === 0 ? "without a limit" : `of ${inMebibytes(maxBytes)}`;
  const range = oldestEntry === undefined ? "" : `, from ${oldestEntry} to ${newestEntry}`;
  const outlives = appendOnly ? "outlives a restart" : "does not outlive a restart";
  const rows = [
    ["version", version ?? "unknown"],
    [
      "persistence",
      appendOnly === undefined ? "unknown" : `appendonly ${appendOnly ? "yes" : "no"}: the log ${outlives}`,
    ],
    ["memory", `${inMebibytes(usedBytes)} ${limit}, maxmemory-policy ${evictionPolicy ?? "unknown"}`],
    ["log", `${logEntries ?? "unknown number of"} entries${range}`],
    ["clock", `${state.clockAheadMs} ms ahead of this machine's`],
  ];
  return rows.map(([name = "", text]) => `${name.padEnd(12)} ${text}\n`).join("");
}

function inMebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "unknown" : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

function describeFindings(findings: readonly RedisFinding[]): string {
  return findings.map(({ weight, text }) => `${weight.padEnd(12)} ${text}\n`).join("");
}
