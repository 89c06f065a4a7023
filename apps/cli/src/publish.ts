import type { Deployment } from "@sluice/backplane";
import { type CustomMessage, isJsonObject, keptRowOf, parseEvent, type RecordEvent } from "@sluice/protocol";
import type { Command } from "commander";
import { createCommand, isGiven, valueOf, withJson } from "./command.ts";
import { ArgumentError, InputError } from "./command-error.ts";
import { type Gateway, gatewayOf, type GatewayOptions, post, withGateway } from "./gateway.ts";
import { openLines } from "./input-lines.ts";
import { type LineBatches, numberLines } from "./json-lines.ts";
import { print, printJson, say } from "./output.ts";
import { type RedisOptions, withDeployment, withRedis } from "./redis-options.ts";

/** Most events at once; the HTTP door takes no more. */
const batchEvents = 500;

/** As the gateways' MAX_EVENT_BYTES is unless it is set. */
const maxEventBytes = 1_048_576;

interface PublishOptions extends RedisOptions, GatewayOptions {
  readonly channel?: boolean;
  readonly json?: boolean;
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
    [
      [
        `sluice publish '{"collection":"posts","action":"create","record":{"id":"p1","title":"Hello"}}'`,
        "to the log of REDIS_URL",
      ],
      [`sluice publish '{"topic":"news","data":{"n":1}}' --channel`, "now or never, to who is connected"],
      [
        "sluice publish events.ndjson --url http://127.0.0.1:8080",
        "a file, as the superuser of SLUICE_TOKEN",
      ],
      ["generate-events | sluice publish - --redis redis://127.0.0.1", "what comes, as it comes"],
    ],
  )
    .argument("<events>", "an event as JSON; or a file with one on each line; or - for standard input")
    .option("--channel", "through the channels in Redis: unlogged, without a cursor");
  return withJson(withGateway(withRedis(command))).action(publish);
}

async function publish(source: string, options: PublishOptions, command: Command): Promise<void> {
  const isEvent = /^\s*[[{]/.test(source);
  const batches = readEvents(isEvent ? [[source]] : (await openLines(source)).batches);
  if (!isThroughGateway(options, command)) {
    await withDeployment(options, (deployment) => {
      const { channel = false } = options;
      return publishAll(batches, channel ? intoChannels(deployment) : intoLog(deployment), options);
    });
    return;
  }
  await publishAll(batches, throughGateway(gatewayOf(options)), options);
}

/** Whether the door is a gateway's: what stands on the command line counts before the environment. */
function isThroughGateway(options: PublishOptions, command: Command): boolean {
  if (isGiven(command, "url") && (isGiven(command, "redis") || options.channel)) {
    const other = options.channel ? "--channel" : "--redis";
    throw new ArgumentError(`expected ${other} or --url, got both`);
  }
  if (options.channel || isGiven(command, "redis")) return false;
  if (isGiven(command, "url")) return true;
  if (valueOf(options.redis) !== undefined) return false;
  if (valueOf(options.url) !== undefined) return true;
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

/** Makes a publisher of a gateway's HTTP door; it returns the cursors. */
export function throughGateway(
  gateway: Gateway,
): (events: readonly { readonly text: string }[]) => Promise<readonly string[]> {
  return async (events) => {
    const answer = await post(
      gateway,
      "api/realtime/publish",
      events.map(({ text }) => JSON.parse(text)),
    );
    const ids: unknown = isJsonObject(answer) ? answer["ids"] : [];
    return Array.isArray(ids) ? ids.map(String) : [];
  };
}

async function publishAll(
  batches: AsyncIterable<readonly ReadEvent[]>,
  send: Publish,
  { json = false, channel = false }: PublishOptions,
): Promise<void> {
  let count = 0;
  for await (const events of batches) {
    const cursors = await send(events);
    count += events.length;
    for (const cursor of cursors) await (json ? printJson({ cursor }) : print(`${cursor}\n`));
  }
  if (channel) say(`${count} published, unlogged: without a cursor`);
}

/** As many as came at once: the next are read when these are published. */
async function* readEvents(batches: LineBatches): AsyncGenerator<readonly ReadEvent[]> {
  for await (const lines of numberLines(batches)) {
    let events: ReadEvent[] = [];
    for (const { number, text } of lines) {
      try {
        events.push(readEvent(text, number));
      } catch (error) {
        // what stands before it is published, as it is where lines come one by one
        if (events.length > 0) yield events;
        throw error;
      }
      if (events.length < batchEvents) continue;
      yield events;
      events = [];
    }
    if (events.length > 0) yield events;
  }
}

function readEvent(text: string, line: number): ReadEvent {
  const parsed = parseEvent(text, { maxBytes: maxEventBytes });
  if ("event" in parsed) return { text, event: parsed.event };
  throw new InputError(`line ${line}: ${parsed.malformed}`);
}
