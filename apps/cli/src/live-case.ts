import type { Deployment, DirectoryClient } from "@sluice/backplane";
import { checkCollections, type RecordStore } from "@sluice/hub";
import {
  type CollectionSet,
  type CustomMessage,
  entryMs,
  guest,
  type Identity,
  identityOf,
  parseCursor,
  parseEvent,
  type RecordEvent,
} from "@sluice/protocol";
import { readCollectionsFile } from "./collections-file.ts";
import { ArgumentError, InputError } from "./command-error.ts";
import { readEventArgument, readIdentity } from "./event-argument.ts";
import type { ExplainedCase } from "./explain.ts";
import { say } from "./output.ts";
import type { RedisOptions } from "./redis-options.ts";
import { readStored } from "./stored-collections.ts";

/** What is asked of a deployment. */
export interface LiveOptions extends RedisOptions {
  readonly event: string;
  readonly client?: string;
  readonly identity?: string;
  readonly collections?: string;
}

/**
 * Reads from Redis what decides who gets an event: collections, followed rows, a client, and the event.
 * @param records takes the rows
 * @throws {InputError} where the client or the event is not there
 */
export async function readLiveCase(
  deployment: Deployment,
  options: LiveOptions,
  records: RecordStore,
): Promise<ExplainedCase> {
  const { client: id } = options;
  const client = id === undefined ? undefined : await readClient(deployment, id);
  const collections = await readLiveCollections(deployment, options.collections);
  const event = await readLiveEvent(deployment, options.event);
  if (event.kind === "message" && (event.clientId ?? id) !== id) {
    throw new InputError(`not delivered: the message is for the client ${event.clientId} only`);
  }
  await readRows(deployment, collections, records);
  say("rows, collections and subscriptions are those of now, not those of when the event came");
  const identity =
    options.identity === undefined
      ? readClientIdentity(client, collections, records)
      : readIdentity(options.identity, collections);
  return { collections, event, identity, subscriptions: client?.subscriptions };
}

async function readClient(deployment: Deployment, id: string): Promise<DirectoryClient> {
  const client = await deployment.readClient(id);
  if (client === undefined) {
    const why = "its stream is over, or the key prefix is another";
    throw new InputError(`--client: expected a client that is connected, got ${id}: ${why}`);
  }
  if (client.subscriptions.length === 0) say(`the client ${id} has no subscriptions`);
  return client;
}

async function readLiveCollections(deployment: Deployment, file: string | undefined): Promise<CollectionSet> {
  if (file !== undefined) return readCollectionsFile(file).collections;
  const { collections, problems } = await readStored(deployment);
  for (const problem of problems) say(`left out: ${problem}`);
  if ([...collections].length > 0) return collections;
  throw new ArgumentError(
    "expected collections in the hash rt:collections, or the gateways' file as --collections or COLLECTIONS_FILE, got neither",
  );
}

async function readLiveEvent(deployment: Deployment, text: string): Promise<RecordEvent | CustomMessage> {
  const cursor = parseCursor(text)?.entry;
  if (cursor === undefined) return readEventArgument(text);
  const entry = await deployment.readEntry(cursor);
  if (entry === undefined) {
    throw new InputError(
      `--event: expected an entry that the log has, got ${text}: it is trimmed, or another log's`,
    );
  }
  const parsed = parseEvent(entry.text ?? "", { maxBytes: Number.POSITIVE_INFINITY });
  if ("malformed" in parsed) {
    throw new InputError(`delivered to nobody: the entry ${cursor} is no event: ${parsed.malformed}`);
  }
  say(`the event was written at ${new Date(entryMs(cursor)).toISOString()}`);
  return parsed.event;
}

/** Reads the rows that nodes follow. */
async function readRows(
  deployment: Deployment,
  collections: CollectionSet,
  records: RecordStore,
): Promise<void> {
  for (const id of checkCollections(collections).follows) {
    const collection = collections.find(id);
    if (collection === undefined) continue;
    const load = records.begin(id);
    const take = (row: string, json: string): void => load.put(row, JSON.parse(json));
    const seeded = await deployment.readRecords(collection.name, take);
    if (seeded === undefined) say(`${collection.name} is not seeded: what takes its rows denies`);
    else records.finish(id, load);
  }
}

/** The directory knows who a client is, but not what else its token says. */
function readClientIdentity(
  client: DirectoryClient | undefined,
  collections: CollectionSet,
  records: RecordStore,
): Identity {
  if (client === undefined || client.identity === "") return guest;
  const [, collectionId = "", id = ""] = /^([^/]*)\/(.*)$/s.exec(client.identity) ?? [];
  const claims = { type: "auth", id, collectionId };
  const identity = identityOf(claims, { collections, authCollection: collectionId });
  if (identity.kind === "record" && !records.has(collectionId)) {
    const who = `the client is ${identity.collectionName}/${id}`;
    say(`${who}; its token's other claims are not in Redis: give them as --identity`);
  }
  return identity;
}
