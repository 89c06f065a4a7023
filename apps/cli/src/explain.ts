import { parseArgs } from "node:util";
import { explainEvent, topicsOf } from "@sluice/hub";
import { ArgumentError, readCollections, readEventArgument, readIdentity } from "./explain-arguments.ts";
import { describeExplanation } from "./explanation-text.ts";

const help = `Tells who gets an event, and what keeps others from having it.

  npm run explain -- --collections FILE --event EVENT [--identity WHO] [SUBSCRIPTION…]

  --collections FILE   collections as PocketBase exports them (default: the demo's)
  --event EVENT        a record event or message as it is published: JSON, or a file of it
  --identity WHO       guest (default), superuser, or the claims of a token: JSON, or a file of it
  --json               one line of JSON for each subscription string
  SUBSCRIPTION         strings as clients send them, options included (default: every topic of the event)

  npm run explain -- --event '{"collection":"posts","action":"create","record":{"id":"p1"}}' 'posts/*'
`;

const demoCollections = new URL("../../gateway/demo/collections.json", import.meta.url).pathname;

function main(args: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      collections: { type: "string", default: demoCollections },
      event: { type: "string" },
      identity: { type: "string", default: "guest" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  if (values.event === undefined) throw new ArgumentError("expected --event, got none");
  const collections = readCollections(values.collections);
  const event = readEventArgument(values.event);
  const identity = readIdentity(values.identity, collections);
  const topics = topicsOf(event, collections);
  const subscriptions = positionals.length > 0 ? positionals : topics;
  if (subscriptions.length === 0) {
    process.stdout.write("delivered to nobody: no collection has that name or id\n");
  }
  for (const subscription of subscriptions) {
    const explanation = explainEvent(event, { collections, identity, subscription, nowMs: Date.now() });
    const text = values.json
      ? `${JSON.stringify({ subscription, ...explanation })}\n`
      : describeExplanation(subscription, explanation);
    process.stdout.write(text);
  }
}

function isMisuse(error: unknown): error is Error {
  if (error instanceof ArgumentError) return true;
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!isMisuse(error)) throw error;
  process.stderr.write(`${error.message}\n\n${help}`);
  process.exitCode = 2;
}
