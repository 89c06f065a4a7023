import type { Deployment } from "@sluice/backplane";
import { type CustomMessage, keptRowOf, parseEvent, type RecordEvent } from "@sluice/protocol";
import type { Command } from "commander";
import { createCommand, isGiven } from "./command.ts";
import { ArgumentError, InputError } from "./command-error.ts";
import { gatewayOf, type GatewayOptions, publishThrough, withGateway } from "./gateway.ts";
import { type InputLine, openLines } from "./input-lines.ts";
import { type OutputOptions, printResult, say } from "./output.ts";
import { type RedisOptions, withDeployment, withRedis } from "./redis-options.ts";

/** Most events at once; the HTTP door takes no more than 1,000. */
const batchEvents = 500;

/** As the gateways' MAX_EVENT_BYTES is unless it is set. */
const maxEventBytes = 1_048_576;

interface PublishOptions extends RedisOptions, GatewayOptions, OutputOptions {
  readonly channel?: boolean;
}

/** An event, as it was written and as it was read. */
interface ReadEvent {
  readonly text: string;
  readonly event: RecordEvent | CustomMessage;
}

/** Publishes events in order; returns their cursors, or nothing where they have none. */
type Publish = (events: readonly ReadEvent[]) => Promise<readonly string[]>;

/** `sluice publish`: writes events as a service does. */
export function publishCommand(): Command {
  const command = createCommand(
    "publish",
    "Publishes events, and prints the cursor of each: through Redis, or with --url through a gateway, as a superuser.",
    {
      [`sluice publish '{"collection":"posts","action":"create","record":{"id":"p1","title":"Hello"}}'`]:
        "to the log of REDIS_URL",
      [`sluice publish '{"topic":"news","data":{"n":1}}' --channel`]: "now or never, to who is connected",
      "sluice publish events.ndjson --url http://127.0.0.1:8080": "a file, as the superuser of SLUICE_TOKEN",
      "generate-events | sluice publish - --redis redis://127.0.0.1": "what comes, as it comes",
    },
  )
    .argument("<events>", "an event as JSON; or a file with one on each line; or - for standard input")
    .option("--channel", "through the channels in Redis: unlogged, without a cursor");
  return withGateway(withRedis(command)).action(publish);
}

async function publish(source: string, options: PublishOptions, command: Command): Promise<void> {
  const isThrough = isThroughGateway(options, command);
  const batches = /^\s*[[{]/.test(source)
    ? [[{ number: 1, text: source }]]
    : (await openLines(source)).batches;
  if (isThrough) {
    const gateway = gatewayOf(options);
    const send: Publish = (events) =>
      publishThrough(
        gateway,
        events.map(({ text }) => text),
      );
    return publishAll(batches, send, options);
  }
  await withDeployment(options, (deployment) =>
    publishAll(batches, options.channel ? intoChannels(deployment) : intoLog(deployment), options),
  );
}

/** Whether the door is a gateway's: what stands on the command line counts before the environment. */
function isThroughGateway({ channel, redis, url }: PublishOptions, command: Command): boolean {
  const other = channel ? "--channel" : isGiven(command, "redis") ? "--redis" : undefined;
  if (isGiven(command, "url")) {
    if (other === undefined) return true;
    throw new ArgumentError(`expected ${other} or --url, got both`);
  }
  if (other !== undefined || redis !== undefined) return false;
  if (url !== undefined) return true;
  throw new ArgumentError("expected --redis (REDIS_URL) or --url (SLUICE_URL), got neither");
}

function intoLog(deployment: Deployment): Publish {
  return (events) => deployment.append(events.map(({ text, event }) => ({ text, row: keptRowOf(event) })));
}

function intoChannels(deployment: Deployment): Publish {
  return async (events) => {
    for (const { text, event } of events) {
      await deployment.publish(text, event.kind === "message" ? undefined : event.collection);
    }
    return [];
  };
}

/** The next lines are read when these are published; what stands before a bad one is, too. */
async function publishAll(
  batches: AsyncIterable<readonly InputLine[]> | Iterable<readonly InputLine[]>,
  send: Publish,
  options: PublishOptions,
): Promise<void> {
  let count = 0;
  for await (const lines of batches) {
    const { events, fault } = readEvents(lines);
    for (let first = 0; first < events.length; first += batchEvents) {
      const cursors = await send(events.slice(first, first + batchEvents));
      for (const cursor of cursors) await printResult(options, { cursor }, cursor);
    }
    if (fault !== undefined) throw fault;
    count += events.length;
  }
  if (options.channel) say(`${count} published, unlogged: without a cursor`);
}

/** Reads events, up to a line that is none. */
function readEvents(lines: readonly InputLine[]): {
  readonly events: readonly ReadEvent[];
  readonly fault?: InputError;
} {
  const events: ReadEvent[] = [];
  for (const { number, text } of lines) {
    const parsed = parseEvent(text, { maxBytes: maxEventBytes });
    if ("malformed" in parsed) {
      return { events, fault: new InputError(`line ${number}: ${parsed.malformed}`) };
    }
    events.push({ text, event: parsed.event });
  }
  return { events };
}
