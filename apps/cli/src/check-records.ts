import type { FollowedCollection, RecordsCheck } from "@sluice/backplane";
import type { Command } from "commander";
import { createCommand } from "./command.ts";
import { ArgumentError } from "./command-error.ts";
import { type OutputOptions, printResult } from "./output.ts";
import { type RedisOptions, withDeployment, withRedis } from "./redis-options.ts";

/** `sluice check-records`: finds rows that writers forgot. */
export function checkRecordsCommand(): Command {
  const command = createCommand(
    "check-records",
    "Finds rows in Redis that are not what the log's last event left: their writers wrote the event alone. Only rows are looked at of which the log still tells. The status is 1 where one differs, or a collection is not seeded.",
    {
      "sluice check-records": "every collection whose rows are kept",
      "sluice check-records posts users --json": "two of them, for a machine",
    },
  ).argument("[collections...]", "names (default: every collection whose rows are kept)");
  return withRedis(command).action(checkRecords);
}

async function checkRecords(names: readonly string[], options: RedisOptions & OutputOptions): Promise<void> {
  await withDeployment(options, async (deployment) => {
    for (const { name, id } of choose(names, await deployment.readFollowed())) {
      const check = await deployment.check({ name, id });
      await printResult(options, { collection: name, ...check }, `${name}: ${describe(check)}`);
      if (!check.seeded || check.different > 0) process.exitCode = 1;
    }
  });
}

function choose(
  names: readonly string[],
  followed: readonly FollowedCollection[],
): readonly FollowedCollection[] {
  if (names.length === 0) return followed;
  return names.map((name) => {
    const found = followed.find((collection) => collection.name === name);
    if (found !== undefined) return found;
    const known = followed.map((collection) => collection.name).join(", ") || "there are none";
    throw new ArgumentError(`expected a collection whose rows are kept (${known}), got ${name}`);
  });
}

function describe({ seeded, checked, different, ids }: RecordsCheck): string {
  if (!seeded) return "not seeded: rules that read its rows deny";
  if (different === 0) return `${checked} rows of which the log tells, all kept as it says`;
  const more = different > ids.length ? " …" : "";
  return `${checked} rows of which the log tells, ${different} kept otherwise: ${ids.join(" ")}${more}`;
}
