import { explainEvent, RecordStore, topicsOf } from "@sluice/hub";
import {
  type CollectionSet,
  type CustomMessage,
  type Identity,
  parseCursor,
  type RecordEvent,
} from "@sluice/protocol";
import { type Command, Option } from "commander";
import { readCollectionsFile } from "./collections-file.ts";
import { createCommand, gather, isGiven } from "./command.ts";
import { readEventArgument, readIdentity } from "./event-argument.ts";
import { describeExplanation } from "./explanation-text.ts";
import { readGivenRows } from "./given-rows.ts";
import { type LiveOptions, readLiveCase } from "./live-case.ts";
import { type OutputOptions, printResult, say } from "./output.ts";
import { withDeployment, withRedis } from "./redis-options.ts";

const demoCollections = new URL("../../gateway/demo/collections.json", import.meta.url).pathname;

interface ExplainOptions extends LiveOptions, OutputOptions {
  readonly rows?: readonly string[];
}

/** An event, and who may get it. */
export interface ExplainedCase {
  readonly collections: CollectionSet;
  readonly event: RecordEvent | CustomMessage;
  readonly identity: Identity;
  /** Nothing for every topic of the event. */
  readonly subscriptions?: readonly string[] | undefined;
}

/** `sluice explain`: who gets an event, and what keeps others from having it. */
export function explainCommand(): Command {
  const command = createCommand(
    "explain",
    "Tells who gets an event, and what keeps others from having it: over files, or with --client, --redis or a cursor over what is in Redis. The status is 1 where nobody gets it.",
    {
      [`sluice explain --event '{"collection":"posts","action":"create","record":{"id":"p1"}}' 'posts/*'`]:
        "as a guest, under the demo's collections",
      [`sluice explain --collections pb.json --rows memberships=memberships.ndjson --identity '{"id":"u1"}' --event event.json`]:
        "under your own, over given rows, as u1 of users",
      "sluice explain --redis redis://127.0.0.1 --client Jf0pW2aB --event 1731001122334-0":
        "why this client did not get that event",
    },
  )
    .argument("[subscriptions...]", "as clients send them (default: the client's, else the event's topics)")
    .requiredOption("--event <event>", "as it is published: JSON, or a file of it; or its cursor in the log")
    .option("--client <id>", "one that is connected: identity and subscriptions come from Redis")
    .option("--identity <who>", "guest (default), superuser, or a token's claims: JSON, or a file of it")
    .addOption(
      new Option(
        "--collections <file>",
        "as PocketBase exports them (default: those in Redis, else the demo's)",
      ).env("COLLECTIONS_FILE"),
    )
    .option("--rows <collection=file>", "its rows, one as JSON on each line; may be repeated", gather);
  return withRedis(command).action(explain);
}

async function explain(given: readonly string[], options: ExplainOptions, command: Command): Promise<void> {
  const isLive =
    options.client !== undefined || parseCursor(options.event) !== undefined || isGiven(command, "redis");
  const records = new RecordStore({ maxRecords: Number.POSITIVE_INFINITY, onTooMany: () => undefined });
  const subject = isLive
    ? await withDeployment(options, (deployment) => readLiveCase(deployment, options, records))
    : readGivenCase(options);
  const { collections, event } = subject;
  await readGivenRows(options.rows ?? [], collections, records);
  putEvent(subject, records);
  const topics = topicsOf(event, collections);
  if (topics.length === 0) say("delivered to nobody: no collection has that name or id");
  const subscriptions = given.length > 0 ? given : (subject.subscriptions ?? topics);
  const nowMs = Date.now();
  const explanations = subscriptions.map((subscription) =>
    Object.assign({ subscription }, explainEvent(event, { ...subject, records, subscription, nowMs })),
  );
  if (!explanations.some(({ outcome }) => outcome === "delivered")) process.exitCode = 1;
  // people are told of those of a client's many that the event is about, if any is
  const matching = explanations.filter(({ outcome }) => outcome !== "unmatched");
  const tellsAll = options.json || given.length > 0 || matching.length === 0;
  const told = tellsAll ? explanations : matching;
  for (const one of told) await printResult(options, one, describeExplanation(one));
  const others = explanations.length - told.length;
  if (others > 0) say(`${others} other subscriptions have other topics`);
}

function readGivenCase({ event, identity, collections: file = demoCollections }: LiveOptions): ExplainedCase {
  const { collections } = readCollectionsFile(file);
  return {
    collections,
    event: readEventArgument(event),
    identity: readIdentity(identity ?? "guest", collections),
  };
}

/** As nodes have it when they decide: what is written is there, what is deleted still is. */
function putEvent({ event, collections }: ExplainedCase, records: RecordStore): void {
  if (event.kind === "message") return;
  const collection = collections.find(event.collection);
  if (collection !== undefined) records.put(collection.id, event.record);
}
