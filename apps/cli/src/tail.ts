import { setTimeout as delay } from "node:timers/promises";
import type { Deployment } from "@sluice/backplane";
import { entryMs, parseCursor, parseEvent } from "@sluice/protocol";
import { type Command, Option } from "commander";
import { createCommand, gather, isGiven, wholeNumber } from "./command.ts";
import { ArgumentError, InputError, UnreachableError } from "./command-error.ts";
import { type EventStream, openEventStream, type StreamRequest } from "./event-stream.ts";
import { type Gateway, gatewayOf, type GatewayOptions, withGateway } from "./gateway.ts";
import { type OutputOptions, printResult, say } from "./output.ts";
import { type RedisOptions, withDeployment, withRedis } from "./redis-options.ts";
import { readStored } from "./stored-collections.ts";

/** How long a client tries to come back. */
const comeBack = { attempts: 60, waitMs: 2_000 };

/** Fields of auth records that nobody is shown. */
const secretFields = new Set(["password", "passwordHash", "tokenKey"]);

interface TailOptions extends RedisOptions, GatewayOptions, OutputOptions {
  readonly from: string;
  readonly follow: boolean;
  readonly collection?: string;
  readonly grep?: RegExp;
  readonly subscribe?: readonly string[];
  readonly count: number;
}

/** `sluice tail`: follows the log, or what a client gets. */
export function tailCommand(): Command {
  const command = createCommand(
    "tail",
    "Follows the log in Redis; or with --subscribe what a client gets of a gateway, under its token.",
    {
      "sluice tail": "what is written from now on to the log of REDIS_URL",
      "sluice tail --from start --no-follow --collection posts --grep p1": "what the log has of a record",
      "sluice tail --from 1731001122334-0 --json": "what lies behind a cursor, for a machine",
      "sluice tail --url http://127.0.0.1:8080 --subscribe 'posts/*' --subscribe users/u1":
        "what the owner of SLUICE_TOKEN gets, or else a guest",
    },
  )
    .option("--from <place>", "start, end, or the cursor behind which to begin", "end")
    .option("--no-follow", "end where the log ends")
    .option("--collection <name>", "only its events, by name or id")
    .option("--grep <pattern>", "only events whose JSON a regular expression finds something in", readPattern)
    .addOption(
      new Option("--subscribe <subscription>", "what a client gets of it, as SDKs write it; may be repeated")
        .argParser(gather)
        .conflicts(["from", "follow", "collection", "grep"]),
    )
    .option("--count <n>", "end after so many events", wholeNumber("--count"), Number.POSITIVE_INFINITY);
  return withGateway(withRedis(command)).action(tail);
}

async function tail(options: TailOptions, command: Command): Promise<void> {
  const { subscribe } = options;
  if (subscribe !== undefined) return tailClient(subscribe, options);
  if (isGiven(command, "url")) throw new ArgumentError("expected --subscribe beside --url, got none");
  await withDeployment(options, (deployment) => tailLog(deployment, options));
}

async function tailLog(deployment: Deployment, options: TailOptions): Promise<void> {
  const { follow, count } = options;
  const from = await readFrom(deployment, options.from);
  const accepts = await createFilter(deployment, options);
  let left = count;
  for await (const entries of deployment.readLog({ from, follow })) {
    for (const { cursor, text } of entries) {
      if (text === undefined || !accepts(text)) continue;
      const event = conceal(text);
      const at = new Date(entryMs(cursor)).toISOString();
      await printResult(options, { cursor, event }, `${cursor}  ${at}  ${JSON.stringify(event)}`);
      left -= 1;
      if (left <= 0) return;
    }
  }
}

async function readFrom(deployment: Deployment, from: string): Promise<string> {
  if (from === "start") return "0-0";
  if (from === "end") return deployment.logEnd();
  const cursor = parseCursor(from);
  if (cursor === undefined) {
    throw new ArgumentError(`--from: expected start, end or a cursor as in 1731001122334-0, got ${from}`);
  }
  if ((await deployment.readEntry(cursor.entry)) !== undefined) return cursor.entry;
  throw new InputError(
    `--from: expected a cursor that the log has, got ${from}: it is trimmed, or another log's`,
  );
}

/** Writers name a collection by its name or its id. */
async function createFilter(
  deployment: Deployment,
  { collection, grep }: TailOptions,
): Promise<(text: string) => boolean> {
  if (collection === undefined) return (text) => grep?.test(text) !== false;
  const { collections } = await readStored(deployment);
  const idOf = (nameOrId: string): string => collections.find(nameOrId)?.id ?? nameOrId;
  return (text) => {
    if (grep?.test(text) === false) return false;
    const parsed = parseEvent(text, { maxBytes: Number.POSITIVE_INFINITY });
    if (!("event" in parsed) || parsed.event.kind === "message") return false;
    return idOf(parsed.event.collection) === idOf(collection);
  };
}

/** An event as written, but for what nobody is shown; text that is no JSON as it is. */
function conceal(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => (secretFields.has(key) ? "…" : value));
  } catch {
    return text;
  }
}

/** Follows what a client gets; it comes back where it was when its stream ends. */
async function tailClient(subscriptions: readonly string[], options: TailOptions): Promise<void> {
  const gateway = gatewayOf(options);
  const who =
    gateway.token === undefined ? "a guest" : "the owner of the token, or a guest where it is not good";
  let [cursor, left] = ["", options.count];
  for (;;) {
    const { events } = await openAgain(gateway, { subscriptions, cursor });
    say(`live, as ${who}`);
    for await (const { id, event = "", data } of events) {
      cursor = id ?? cursor;
      if (event === "@cursor") continue;
      if (event.startsWith("@resume") || event === "@conflated") {
        say(`${event} ${data}`);
        continue;
      }
      const shown = conceal(data);
      const result = { subscription: event, cursor: id, data: shown };
      await printResult(options, result, `${event}  ${JSON.stringify(shown)}`);
      left -= 1;
      if (left <= 0) return;
    }
    say("the stream ended; coming back");
  }
}

/** Opens a stream; one that has been somewhere in the log is patient with a gateway that is away. */
async function openAgain(gateway: Gateway, request: StreamRequest): Promise<EventStream> {
  for (let failures = 0; ; failures++) {
    try {
      return await openEventStream(gateway, request);
    } catch (error) {
      const isFinal = !(error instanceof UnreachableError) || request.cursor === "";
      if (isFinal || failures >= comeBack.attempts) throw error;
      await delay(comeBack.waitMs);
    }
  }
}

function readPattern(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    throw new ArgumentError(`--grep: expected a regular expression, got ${text}: ${String(error)}`);
  }
}
