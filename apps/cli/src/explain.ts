import { parseArgs } from "node:util";
import { explainEvent, type RecordStore, topicsOf } from "@sluice/hub";
import type { CollectionSet, CustomMessage, RecordEvent } from "@sluice/protocol";
import { runCommand } from "./command.ts";
import { ArgumentError, readCollections, readEventArgument, readIdentity } from "./explain-arguments.ts";
import { describeExplanation } from "./explanation-text.ts";
import { readGivenRows } from "./given-rows.ts";

const help = `Tells who gets an event, and what keeps others from having it.

  npm run explain -- --collections FILE --event EVENT [--identity WHO] [--rows COLLECTION=FILE…] [SUBSCRIPTION…]

  --collections FILE   collections as PocketBase exports them (default: the demo's)
  --event EVENT        a record event or message as it is published: JSON, or a file of it
  --identity WHO       guest (default), superuser, or the claims of a token: JSON, or a file of it
  --rows NAME=FILE     all rows of a collection that rules or expand take: one as JSON on each line; may be repeated
  --json               one line of JSON for each subscription string
  SUBSCRIPTION         strings as clients send them, options included (default: every topic of the event)

  npm run explain -- --event '{"collection":"posts","action":"create","record":{"id":"p1"}}' 'posts/*'
`;

const demoCollections = new URL("../../gateway/demo/collections.json", import.meta.url).pathname;

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      collections: { type: "string", default: demoCollections },
      event: { type: "string" },
      identity: { type: "string", default: "guest" },
      rows: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  if (values.event === undefined) throw new ArgumentError("expected --event, got none");
  const collections = readCollections(values.collections);
  const event = readEventArgument(values.event);
  const identity = readIdentity(values.identity, collections);
  const records = await readGivenRows(values.rows, collections);
  putEvent(event, collections, records);
  const topics = topicsOf(event, collections);
  const subscriptions = positionals.length > 0 ? positionals : topics;
  if (subscriptions.length === 0) {
    process.stdout.write("delivered to nobody: no collection has that name or id\n");
  }
  for (const subscription of subscriptions) {
    const explanation = explainEvent(event, {
      collections,
      identity,
      subscription,
      records,
      nowMs: Date.now(),
    });
    const text = values.json
      ? `${JSON.stringify({ subscription, ...explanation })}\n`
      : describeExplanation(subscription, explanation);
    process.stdout.write(text);
  }
}

/** As nodes have it when they decide: what is written is there, what is deleted still is. */
function putEvent(
  event: RecordEvent | CustomMessage,
  collections: CollectionSet,
  records: RecordStore,
): void {
  if (event.kind === "message") return;
  const collection = collections.find(event.collection);
  if (collection !== undefined) records.put(collection.id, event.record);
}

await runCommand(help, main);
