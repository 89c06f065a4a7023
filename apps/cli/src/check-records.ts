import { parseArgs } from "node:util";
import type { FollowedCollection, RecordsCheck } from "@sluice/backplane";
import { runCommand } from "./command.ts";
import { ArgumentError } from "./explain-arguments.ts";
import { redisHelp, redisOptions, withRecordKeeper } from "./redis-arguments.ts";

const help = `Finds rows in Redis that are not what the log's last event left: their writers wrote the event alone.

  npm run check-records -- --redis URL [COLLECTION…]

${redisHelp}
  COLLECTION           names (default: every collection whose rows are kept)

Only rows are looked at of which the log still tells. The status is 1 where one differs, or a collection is not seeded.

  npm run check-records -- --redis redis://127.0.0.1 posts
`;

await runCommand(help, async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: redisOptions,
  });
  if (values.help) return void process.stdout.write(help);
  await withRecordKeeper(values, async (keeper) => {
    for (const collection of choose(positionals, await keeper.readFollowed())) {
      const check = await keeper.check(collection);
      process.stdout.write(`${collection.name}: ${describe(check)}\n`);
      if (!check.seeded || check.different > 0) process.exitCode = 1;
    }
  });
});

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
