import { badRequest, type ErrorAnswer, type FieldError, isJsonObject, readEvent } from "@sluice/protocol";
import { answerError } from "./answers.ts";
import type { GatewayContext, NodeContext } from "./gateway-context.ts";

/** Most events of one request. */
const maxEvents = 1_000;

const noToken: ErrorAnswer = {
  status: 401,
  message: "The request requires valid record authorization token.",
};
const noSuperuser: ErrorAnswer = {
  status: 403,
  message: "The authorized record is not allowed to perform this action.",
};

/**
 * `POST /api/realtime/publish`, for superusers: writes one event or an array of them to the log, all or none, and
 * answers with their log ids.
 */
export async function publishEvents(gateway: GatewayContext, context: NodeContext): Promise<Response> {
  const { incoming } = context.env;
  const identity = await gateway.authenticator.authenticate(incoming.headers.authorization);
  if (identity.kind === "guest") return answerError(context, noToken);
  if (identity.kind !== "superuser") return answerError(context, noSuperuser);
  const body = await gateway.publishedBodies.read(incoming);
  if (body.kind === "refused") return answerError(context, body.answer);
  const value = body.kind === "json" ? parseJson(body.text) : undefined;
  if (value === undefined) return answerError(context, badRequest);
  const { traceparent } = incoming.headers;
  const sent: readonly unknown[] = Array.isArray(value) ? value : [value];
  const events = sent.map((event) => traced(event, traceparent));
  const refusal = refuse(events, gateway.settings.maxEventBytes);
  if (refusal !== undefined) return answerError(context, refusal);
  const ids =
    events.length === 0 ? [] : await gateway.backplane.append(events.map((event) => JSON.stringify(event)));
  return context.json({ ids });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An event as part of the request's trace, unless it is part of one already. */
function traced(event: unknown, traceparent: unknown): unknown {
  return traceparent !== undefined && isJsonObject(event) ? { traceparent, ...event } : event;
}

function refuse(events: readonly unknown[], maxEventBytes: number): ErrorAnswer | undefined {
  if (events.length > maxEvents) {
    const message = `The length must be no more than ${maxEvents}.`;
    const tooMany = { code: "validation_length_too_long", message, params: { max: maxEvents, min: 0 } };
    return { ...badRequest, data: { events: tooMany } };
  }
  const errors: Record<string, FieldError> = {};
  for (const [index, event] of events.entries()) {
    const reason = fault(event, maxEventBytes);
    if (reason !== undefined) errors[index] = { code: "validation_invalid_event", message: sentence(reason) };
  }
  return Object.keys(errors).length > 0 ? { ...badRequest, data: { events: errors } } : undefined;
}

function fault(event: unknown, maxEventBytes: number): string | undefined {
  const parsed = readEvent(event);
  if ("malformed" in parsed) return parsed.malformed;
  const bytes = Buffer.byteLength(JSON.stringify(event));
  return bytes > maxEventBytes ? `expected at most ${maxEventBytes} bytes, got ${bytes}` : undefined;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
