import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { parseArgs } from "node:util";
import type { RecordKeeper, SeededRow } from "@sluice/backplane";
import { parseCollections } from "@sluice/protocol";
import { InputError, runCommand } from "./command.ts";
import { ArgumentError, readCollections } from "./explain-arguments.ts";
import { redisHelp, redisOptions, withRecordKeeper } from "./redis-arguments.ts";
import { readRowLines } from "./row-lines.ts";

const help = `Puts all rows of a collection into Redis, for rules that read them beside an event's own record.

  npm run seed -- --redis URL --collection NAME [--id ID | --collections FILE] ROWS

${redisHelp}
  --collection NAME    whose rows
  --id ID              its id (default: as its collection in FILE has it, else in the hash rt:collections)
  --collections FILE   collections as PocketBase exports them
  ROWS                 a file of full rows, one JSON object on each line; - is standard input

Rows that were there and are not among these are gone after it. The rows may be as old as the log's oldest entry: what the
log says of a row goes over them, also what is written meanwhile. Where it fails, what was there stays.

  npm run seed -- --redis redis://127.0.0.1 --collection posts posts.ndjson
`;

const progressMs = 1_000;

await runCommand(help, async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...redisOptions,
      collection: { type: "string" },
      id: { type: "string" },
      collections: { type: "string" },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const { collection: name, id, collections } = values;
  if (name === undefined || name === "") throw new ArgumentError("expected --collection, got none");
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) {
    throw new ArgumentError(`expected one file of rows or -, got ${positionals.length}`);
  }
  const lines = await openLines(file);
  const count = await withRecordKeeper(values, async (keeper) => {
    const collection = { name, id: id ?? (await findId(name, keeper, collections)) };
    return keeper.seed(collection, withProgress(readRowLines(lines), name));
  });
  process.stdout.write(`${count}\n`);
});

async function openLines(file: string): Promise<AsyncIterable<string>> {
  if (file === "-") return linesOf(process.stdin, "standard input");
  try {
    return linesOf((await open(file)).createReadStream(), file);
  } catch (error) {
    throw new ArgumentError(`expected a file that can be read, got ${file}: ${messageOf(error)}`);
  }
}

/** Nothing is read before it is asked for: lines that come when nobody listens are lost. */
async function* linesOf(input: Readable, name: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw new InputError(`expected lines that can be read, got ${name}: ${messageOf(error)}`);
  } finally {
    // input that is still open would keep the process alive
    input.destroy();
  }
}

/** A writer may name a collection by its id, so rows cannot be kept without knowing it. */
async function findId(name: string, keeper: RecordKeeper, file: string | undefined): Promise<string> {
  if (file !== undefined) {
    const id = readCollections(file).find(name)?.id;
    if (id === undefined)
      throw new ArgumentError(`--collections ${file}: expected a collection ${name}, got none`);
    return id;
  }
  const json = await keeper.readCollection(name);
  const [stored] = json === undefined ? [] : parseCollections([JSON.parse(json)]).collections;
  if (stored !== undefined) return stored.id;
  throw new ArgumentError(
    `expected the id of ${name} as --id, or the collection in --collections FILE or the hash rt:collections, got neither`,
  );
}

async function* withProgress(rows: AsyncIterable<SeededRow>, name: string): AsyncGenerator<SeededRow> {
  let count = 0;
  let toldMs = performance.now();
  for await (const row of rows) {
    yield row;
    count += 1;
    if (performance.now() - toldMs < progressMs) continue;
    toldMs = performance.now();
    process.stderr.write(`${name}: ${count} rows read\n`);
  }
  process.stderr.write(`${name}: ${count} rows read, all of them\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
