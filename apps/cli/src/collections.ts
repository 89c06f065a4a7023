import type { Deployment } from "@sluice/backplane";
import { checkCollections, type CollectionsCheck, type RuleRemark } from "@sluice/hub";
import { CollectionSet, isJsonObject, parseCollections } from "@sluice/protocol";
import { Command } from "commander";
import { type CollectionChange, describeChange, diffCollections } from "./collection-changes.ts";
import { readJsonFile } from "./collections-file.ts";
import { createCommand, isGiven, withJson } from "./command.ts";
import { InputError } from "./command-error.ts";
import { print, printJson, say } from "./output.ts";
import { type RedisOptions, withDeployment, withRedis } from "./redis-options.ts";
import { withoutSecret } from "./stored-collections.ts";

interface CollectionsOptions extends RedisOptions {
  readonly json?: boolean;
}

interface PushOptions extends CollectionsOptions {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly deleteMissing?: boolean;
}

/** A file of collections that can be read; their rules may be broken. */
interface CheckedFile extends CollectionsCheck {
  readonly items: readonly unknown[];
  readonly collections: CollectionSet;
}

/** `sluice collections`: checks collections, and puts them where gateways without a file have them. */
export function collectionsCommand(): Command {
  const check = createCommand(
    "check",
    "Compiles all rules of a file, and prints what is wrong with them and which collections they need the rows of; with --redis also whether those are seeded. The status is 1 where a rule is broken or rows are missing.",
    [
      ["sluice collections check pb_schema.json", "the rules"],
      [
        "sluice collections check pb_schema.json --redis redis://127.0.0.1",
        "the rules, and the rows that they need",
      ],
    ],
  ).argument("<file>", "an array of collections, as PocketBase exports it");
  const push = createCommand(
    "push",
    "Writes a file of collections to Redis, in one step, where gateways without COLLECTIONS_FILE follow them, and prints what changes. A collection's authToken.secret stays as it is in Redis where the file has none.",
    [
      ["sluice collections push pb_schema.json --dry-run", "what would change"],
      [
        "sluice collections push pb_schema.json --delete-missing",
        "Redis has what the file has, and nothing else",
      ],
    ],
  )
    .argument("<file>", "an array of collections, as PocketBase exports it")
    .option("--dry-run", "print what would change, and change nothing")
    .option("--delete-missing", "forget the collections that the file does not have")
    .option("--force", "also where rules are broken: these let only superusers through");
  const pull = createCommand(
    "pull",
    "Prints the collections that are in Redis. They come as the JSON array that PocketBase imports, without the secrets in authToken; with --json each on a line.",
    [["sluice collections pull > pb_schema.json", "into a file"]],
  );
  return new Command("collections")
    .description("Checks collections, and writes them to Redis or reads them there.")
    .addCommand(withJson(withRedis(check)).action(checkFile))
    .addCommand(withJson(withRedis(push)).action(pushFile))
    .addCommand(withJson(withRedis(pull)).action(printStored));
}

async function checkFile(file: string, options: CollectionsOptions, command: Command): Promise<void> {
  const { collections, remarks, follows } = readChecked(file);
  const names = [...follows].map((id) => collections.find(id)?.name ?? id);
  const kept = isGiven(command, "redis")
    ? await withDeployment(options, (deployment) => deployment.readFollowed())
    : undefined;
  const followed = names.map((collection) => {
    const found = kept?.find(({ name }) => name === collection);
    // without a look at Redis nobody knows
    const state = (is: boolean): boolean | undefined => (kept === undefined ? undefined : is);
    return { collection, kept: state(found !== undefined), seeded: state(found?.seeded === true) };
  });
  if (remarks.some(({ isError }) => isError) || followed.some(({ seeded }) => seeded === false))
    process.exitCode = 1;
  if (options.json) {
    for (const remark of remarks) await printJson(remark);
    for (const { collection, ...state } of followed) await printJson({ collection, follow: true, ...state });
    return;
  }
  for (const remark of remarks) await print(describeRemark(remark));
  for (const { collection, seeded, kept: isKept } of followed) {
    const state = seeded ? "seeded" : isKept ? "not seeded: deny" : "nobody keeps its rows: deny";
    await print(`${collection}: rules take its rows${seeded === undefined ? "" : `, ${state}`}\n`);
  }
  say(`${[...collections].length} collections, ${describeCount(remarks)}`);
}

function readChecked(file: string): CheckedFile {
  const items = readJsonFile(file);
  const { collections: parsed, problems } = parseCollections(items);
  if (problems.length > 0) throw new InputError(`${file}: ${problems.join("\n")}`);
  const collections = new CollectionSet(parsed);
  return { items: Array.isArray(items) ? items : [], collections, ...checkCollections(collections) };
}

/** A rule may have several lines: the one is shown that the remark is about. */
function describeRemark({ collection, rule, position, message, text, isError }: RuleRemark): string {
  const start = text.lastIndexOf("\n", Math.max(position - 1, 0)) + 1;
  const [line = ""] = text.slice(start).split("\n");
  const kind = isError ? "error" : "warning";
  return `${collection}.${rule}: ${kind} at ${position}: ${message}\n  ${line}\n  ${" ".repeat(Math.max(position - start, 0))}^\n`;
}

function describeCount(remarks: readonly RuleRemark[]): string {
  const errors = remarks.filter(({ isError }) => isError).length;
  return `${errors} broken rules, ${remarks.length - errors} warnings`;
}

async function pushFile(file: string, options: PushOptions): Promise<void> {
  const { items, remarks } = readChecked(file);
  const broken = remarks.filter(({ isError }) => isError);
  if (broken.length > 0 && !options.force) {
    throw new InputError(
      `expected rules that compile, or --force, got\n${broken.map(describeRemark).join("")}`.trimEnd(),
    );
  }
  await withDeployment(options, async (deployment) => {
    const objects = items.filter(isJsonObject);
    const stored = await deployment.readCollections();
    const changes = diffCollections(objects, stored, options.deleteMissing ?? false);
    for (const change of changes) await printChange(change, options);
    await store(deployment, changes, options);
  });
}

function printChange(change: CollectionChange, { json }: PushOptions): Promise<void> {
  const { name, kind, fields, reason } = change;
  return json ? printJson({ collection: name, change: kind, fields, reason }) : print(describeChange(change));
}

async function store(
  deployment: Deployment,
  changes: readonly CollectionChange[],
  { dryRun = false }: PushOptions,
): Promise<void> {
  const due = changes.filter(({ kind }) => kind !== "same" && kind !== "kept");
  if (due.length > 0 && !dryRun) {
    await deployment.storeCollections(new Map(due.map(({ name, json }) => [name, json])));
  }
  say(due.length === 0 ? "nothing to change" : `${due.length} changes ${dryRun ? "would be " : ""}written`);
}

async function printStored(options: CollectionsOptions): Promise<void> {
  const stored = await withDeployment(options, (deployment) => deployment.readCollections());
  const collections = [...stored]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, text]) => {
      try {
        return withoutSecret(JSON.parse(text));
      } catch {
        throw new InputError(`expected JSON in ${name} of the hash rt:collections, got something else`);
      }
    });
  if (!options.json) return print(`${JSON.stringify(collections, undefined, 2)}\n`);
  for (const collection of collections) await printJson(collection);
}
