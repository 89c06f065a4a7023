import {
  badRequest,
  type CollectionSet,
  type ErrorAnswer,
  type FieldError,
  isJsonObject,
  keptRowOf,
  type LoggedEvent,
  readEvent,
} from "@sluice/protocol";
import { answerError } from "./answers.ts";
import type { GatewayContext, NodeContext } from "./gateway-context.ts";
import { readJsonBody } from "./json-body.ts";
import { readSuperuser } from "./superuser.ts";

/** Most events of one request. */
const maxEvents = 1_000;

/**
 * `POST /api/realtime/publish`, for superusers: writes one event or an array of them to the log, all or none, and
 * answers with their log ids.
 */
export async function publishEvents(gateway: GatewayContext, context: NodeContext): Promise<Response> {
  const asked = await readSuperuser(gateway, context);
  if ("refusal" in asked) return answerError(context, asked.refusal);
  const body = await readJsonBody(gateway, context);
  if ("refusal" in body) return answerError(context, body.refusal);
  const { value } = body;
  const { traceparent } = context.env.incoming.headers;
  const sent: readonly unknown[] = Array.isArray(value) ? value : [value];
  const events = sent.map((event) => traced(event, traceparent));
  const read = readEvents(events, gateway);
  if ("refusal" in read) return answerError(context, read.refusal);
  const ids = await gateway.backplane.append(read.logged);
  return context.json({ ids });
}

/** An event as part of the request's trace, unless it is part of one already. */
function traced(event: unknown, traceparent: unknown): unknown {
  return traceparent !== undefined && isJsonObject(event) ? { traceparent, ...event } : event;
}

type EventsRead = { readonly logged: readonly LoggedEvent[] } | { readonly refusal: ErrorAnswer };

function readEvents(
  events: readonly unknown[],
  { settings, collections }: Pick<GatewayContext, "settings" | "collections">,
): EventsRead {
  const now = collections();
  if (events.length > maxEvents) {
    const message = `The length must be no more than ${maxEvents}.`;
    const tooMany = { code: "validation_length_too_long", message, params: { max: maxEvents, min: 0 } };
    return { refusal: { ...badRequest, data: { events: tooMany } } };
  }
  const logged: LoggedEvent[] = [];
  const errors: Record<string, FieldError> = {};
  for (const [index, event] of events.entries()) {
    const read = readLogged(event, settings.maxEventBytes, now);
    if (typeof read === "string") {
      errors[index] = { code: "validation_invalid_event", message: sentence(read) };
    } else logged.push(read);
  }
  return Object.keys(errors).length > 0
    ? { refusal: { ...badRequest, data: { events: errors } } }
    : { logged };
}

/** An event as it goes to the log, or why it cannot. */
export function readLogged(
  event: unknown,
  maxEventBytes: number,
  collections: CollectionSet,
): LoggedEvent | string {
  const parsed = readEvent(event);
  if ("malformed" in parsed) return parsed.malformed;
  const text = JSON.stringify(event);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxEventBytes) return `expected at most ${maxEventBytes} bytes, got ${bytes}`;
  const row = keptRowOf(parsed.event);
  if (row === undefined) return { text };
  return { text, row: { ...row, collection: collections.find(row.collection)?.name ?? row.collection } };
}

/** A fault as PocketBase writes its messages. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
