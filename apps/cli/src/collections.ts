import { checkCollections, type RuleRemark } from "@sluice/hub";
import { isJsonObject } from "@sluice/protocol";
import { Command } from "commander";
import { describeChange, diffCollections } from "./collection-changes.ts";
import { readCollectionsFile } from "./collections-file.ts";
import { createCommand, isGiven } from "./command.ts";
import { InputError } from "./command-error.ts";
import { parseJson } from "./json-input.ts";
import { type OutputOptions, print, printResult, say } from "./output.ts";
import { type RedisOptions, withDeployment, withRedis } from "./redis-options.ts";

type CollectionsOptions = RedisOptions & OutputOptions;

interface PushOptions extends CollectionsOptions {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly deleteMissing?: boolean;
}

/** `sluice collections`: checks collections, and puts them where gateways without a file have them. */
export function collectionsCommand(): Command {
  const check = createCommand(
    "check",
    "Compiles all rules of a file, and prints what is wrong with them and which collections they need the rows of; with --redis also whether those are seeded. The status is 1 where a rule is broken or rows are missing.",
    {
      "sluice collections check pb_schema.json": "the rules",
      "sluice collections check pb_schema.json --redis redis://127.0.0.1":
        "the rules, and the rows that they need",
    },
  ).argument("<file>", "an array of collections, as PocketBase exports it");
  const push = createCommand(
    "push",
    "Writes a file of collections to Redis, in one step, where gateways without COLLECTIONS_FILE follow them, and prints what changes. A collection's authToken.secret stays as it is in Redis where the file has none.",
    {
      "sluice collections push pb_schema.json --dry-run": "what would change",
      "sluice collections push pb_schema.json --delete-missing":
        "Redis has what the file has, and nothing else",
    },
  )
    .argument("<file>", "an array of collections, as PocketBase exports it")
    .option("--dry-run", "print what would change, and change nothing")
    .option("--delete-missing", "forget the collections that the file does not have")
    .option("--force", "also where rules are broken: these let only superusers through");
  const pull = createCommand(
    "pull",
    "Prints the collections that are in Redis. They come as the JSON array that PocketBase imports, without the secrets in authToken; with --json each on a line.",
    { "sluice collections pull > pb_schema.json": "into a file" },
  );
  return new Command("collections")
    .summary("Checks, writes and reads collections")
    .description("Checks collections, and writes them to Redis or reads them there.")
    .addCommand(withRedis(check).action(checkFile))
    .addCommand(withRedis(push).action(pushFile))
    .addCommand(withRedis(pull).action(printStored));
}

async function checkFile(file: string, options: CollectionsOptions, command: Command): Promise<void> {
  const { collections } = readCollectionsFile(file);
  const { remarks, follows } = checkCollections(collections);
  // without a look at Redis nobody knows
  const known = isGiven(command, "redis")
    ? await withDeployment(options, (deployment) => deployment.readFollowed())
    : undefined;
  for (const remark of remarks) await printResult(options, remark, describeRemark(remark));
  for (const id of follows) {
    const collection = collections.find(id)?.name ?? id;
    const found = known?.find(({ name }) => name === collection);
    const state = known && { kept: found !== undefined, seeded: found?.seeded === true };
    const result = { collection, follow: true, ...state };
    await printResult(options, result, `${collection}: rules take its rows${describeState(state)}`);
    if (state?.seeded === false) process.exitCode = 1;
  }
  const errors = remarks.filter(({ isError }) => isError).length;
  if (errors > 0) process.exitCode = 1;
  say(`${[...collections].length} collections, ${errors} broken rules, ${remarks.length - errors} warnings`);
}

function describeState(state: { readonly kept: boolean; readonly seeded: boolean } | undefined): string {
  if (state === undefined) return "";
  if (state.seeded) return ", seeded";
  return state.kept ? ", not seeded: deny" : ", nobody keeps its rows: deny";
}

/** A rule may have several lines: the one is shown that the remark is about. */
function describeRemark({ collection, rule, position, message, text, isError }: RuleRemark): string {
  const start = text.lastIndexOf("\n", Math.max(position - 1, 0)) + 1;
  const [line = ""] = text.slice(start).split("\n");
  const kind = isError ? "error" : "warning";
  return `${collection}.${rule}: ${kind} at ${position}: ${message}\n  ${line}\n  ${" ".repeat(Math.max(position - start, 0))}^`;
}

async function pushFile(file: string, options: PushOptions): Promise<void> {
  const { collections, items } = readCollectionsFile(file);
  const broken = checkCollections(collections).remarks.filter(({ isError }) => isError);
  if (broken.length > 0 && !options.force) {
    const lines = broken.map(describeRemark).join("\n");
    throw new InputError(`expected rules that compile, or --force, got\n${lines}`);
  }
  const { dryRun = false, deleteMissing = false } = options;
  await withDeployment(options, async (deployment) => {
    const changes = diffCollections(items, await deployment.readCollections(), deleteMissing);
    for (const change of changes) {
      const { name: collection, kind, fields, reason } = change;
      await printResult(options, { collection, change: kind, fields, reason }, describeChange(change));
    }
    const due = changes.filter(({ kind }) => kind !== "same" && kind !== "kept");
    if (due.length === 0) return say("nothing to change");
    if (!dryRun) await deployment.storeCollections(new Map(due.map(({ name, json }) => [name, json])));
    say(`${due.length} changes ${dryRun ? "would be " : ""}written`);
  });
}

async function printStored(options: CollectionsOptions): Promise<void> {
  const stored = await withDeployment(options, (deployment) => deployment.readCollections());
  const collections = [...stored]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, text]) => withoutSecret(name, text));
  if (!options.json) return print(`${JSON.stringify(collections, undefined, 2)}\n`);
  for (const collection of collections) await print(`${JSON.stringify(collection)}\n`);
}

/** Reads a stored collection, but for what must never be shown. */
function withoutSecret(name: string, text: string): unknown {
  const where = `${name} of the stored collections`;
  const collection = parseJson(text, (got) => new InputError(`${where}: expected JSON, got ${got}`));
  if (!isJsonObject(collection) || !isJsonObject(collection["authToken"])) return collection;
  const { secret: _secret, ...authToken } = collection["authToken"];
  return { ...collection, authToken };
}
