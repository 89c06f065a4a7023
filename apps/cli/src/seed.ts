import type { Deployment, FollowedCollection, SeededRow } from "@sluice/backplane";
import { type Bar, SingleBar } from "cli-progress";
import { type Command, Option } from "commander";
import { createCommand } from "./command.ts";
import { ArgumentError } from "./command-error.ts";
import { readCollectionsFile } from "./collections-file.ts";
import { type InputLines, openLines } from "./input-lines.ts";
import { readRows } from "./input-rows.ts";
import { type OutputOptions, printResult, say } from "./output.ts";
import { type RedisOptions, withDeployment, withRedis } from "./redis-options.ts";
import { readStored } from "./stored-collections.ts";

const progressMs = 1_000;

interface SeedOptions extends RedisOptions, OutputOptions {
  readonly collection: string;
  readonly id?: string;
  readonly collections?: string;
}

/** `sluice seed`: puts all rows of a collection into Redis. */
export function seedCommand(): Command {
  const command = createCommand(
    "seed",
    "Puts all rows of a collection into Redis. Rules read them beside an event's own record. It prints how many there are. Rows that were there and are not among these are gone after it. The rows may be as old as the log's oldest entry: what the log says of a row goes over them, also what is written meanwhile. Where it fails, what was there stays.",
    {
      "sluice seed --collection posts posts.ndjson": "a file, into the Redis of REDIS_URL",
      "export-rows | sluice seed --collection users --id _pb_users_auth_ -": "what comes on standard input",
    },
  )
    .argument("<rows>", "a file of full rows, one JSON object on each line; - is standard input")
    .requiredOption("--collection <name>", "whose rows; by name, or id where --id is not given")
    .option("--id <id>", "its id (default: as its collection in the file has it, else in rt:collections)")
    .addOption(
      new Option("--collections <file>", "collections as PocketBase exports them").env("COLLECTIONS_FILE"),
    );
  return withRedis(command).action(seed);
}

async function seed(file: string, options: SeedOptions): Promise<void> {
  const lines = await openLines(file);
  const count = await withDeployment(options, async (deployment) => {
    const { name, id } = await findCollection(deployment, options);
    return deployment.seed({ name, id }, withProgress(lines, name));
  });
  await printResult(options, { collection: options.collection, rows: count }, String(count));
}

/** A writer may name a collection by its id, so rows cannot be kept without knowing it. */
async function findCollection(
  deployment: Deployment,
  { collection: name, id, collections: file }: SeedOptions,
): Promise<FollowedCollection> {
  if (id !== undefined) return { name, id };
  const { collections } = file === undefined ? await readStored(deployment) : readCollectionsFile(file);
  const found = collections.find(name);
  if (found !== undefined) return found;
  if (file !== undefined) {
    throw new ArgumentError(`--collections ${file}: expected a collection ${name}, got none`);
  }
  throw new ArgumentError(
    `expected the id of ${name} as --id, or the collection in --collections FILE or the hash rt:collections, got neither`,
  );
}

async function* withProgress(lines: InputLines, name: string): AsyncGenerator<SeededRow> {
  const bar = startBar(lines, name);
  let count = 0;
  let toldMs = performance.now();
  try {
    for await (const row of readRows(lines)) {
      yield row;
      count += 1;
      bar?.update(lines.bytesRead(), { rows: count });
      if (bar !== undefined || performance.now() - toldMs < progressMs) continue;
      toldMs = performance.now();
      say(`${name}: ${count} rows read`);
    }
  } finally {
    bar?.stop();
  }
  say(`${name}: ${count} rows read, all of them`);
}

/** A terminal gets a bar where it is known how much there is. */
function startBar({ totalBytes }: InputLines, name: string): Bar | undefined {
  if (!process.stderr.isTTY || totalBytes === undefined || totalBytes === 0) return undefined;
  const format = `${name} {bar} {percentage} %, {rows} rows`;
  const bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true });
  bar.start(totalBytes, 0, { rows: 0 });
  return bar;
}
