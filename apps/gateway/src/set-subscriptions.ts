import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  badRequest,
  type ErrorAnswer,
  isClientId,
  parseEmptySubscribe,
  parseSubscribeForm,
  parseSubscribeJson,
  type SubscribeParse,
} from "@sluice/protocol";
import { answerError } from "./answers.ts";
import { clientAddress } from "./client-address.ts";
import type { GatewayContext, NodeContext } from "./gateway-context.ts";
import type { RequestBody } from "./request-body.ts";
import { tooManyStreams } from "./request-limits.ts";
import { UnavailableError } from "./unavailable-error.ts";

const refusals = {
  "unknown-client": { status: 404, message: "Missing or invalid client id." },
  "wrong-address": { status: 400, message: "Invalid realtime client." },
  "wrong-identity": {
    status: 403,
    message: "The current and the previous request authorization don't match.",
  },
} as const satisfies Record<string, ErrorAnswer>;

/**
 * `POST /api/realtime`: sets the subscriptions and the identity of a stream, wherever it is. The answer 204 means that
 * the node which holds the stream has applied them.
 */
export async function setSubscriptions(gateway: GatewayContext, context: NodeContext): Promise<Response> {
  const { backplane, authenticator, metrics } = gateway;
  const { incoming, outgoing } = context.env;
  // the ticket is taken on arrival: requests count in the order in which they came, however long their body takes
  const ticket = backplane.takeTicket();
  ticket.catch(() => undefined);
  const { refusal, request } = parseBody(await gateway.bodies.read(incoming));
  if (refusal !== undefined) return answerError(context, refusal);
  // nobody has it, and the backplane need not be asked
  if (!isClientId(request.clientId)) return answerError(context, refusals["unknown-client"]);
  const identity = await authenticator.authenticate(incoming.headers.authorization);
  const refused = gateway.limits.refuseIdentity(identity);
  if (refused !== undefined) return answerError(context, refused);
  const change = { ...request, identity, ticket: await ticket, address: senderAddress(gateway, context) };
  if (await hasHungUp(incoming, outgoing)) return context.body(null, 204);
  const outcome = await backplane.subscribe(change);
  switch (outcome) {
    case "live":
      return context.body(null, 204);
    case "no-answer":
      throw new UnavailableError("The node of this client does not answer.");
    case "unknown-client":
    case "wrong-address":
    case "wrong-identity":
      return answerError(context, refusals[outcome]);
    case "too-many-streams":
      metrics.refusals.inc({ reason: "identity_streams" });
      return answerError(context, tooManyStreams);
  }
}

function parseBody(body: RequestBody): SubscribeParse {
  switch (body.kind) {
    case "empty":
      return parseEmptySubscribe();
    case "json":
      return parseSubscribeJson(body.text);
    case "form":
      return parseSubscribeForm(body.fields);
    case "refused":
      return { refusal: body.answer };
    case "unreadable":
      return { refusal: badRequest };
  }
}

function senderAddress({ settings }: GatewayContext, { env }: NodeContext): string {
  return settings.checkAddress ? clientAddress(env.incoming, settings.trustedProxyHeader) : "";
}

/** A hang-up is read from the socket one turn behind the request's own bytes, and on a busy node told behind others. */
const hangUpTurns = 3;

/**
 * Whether the sender is gone. Old SDKs abort a POST when they send the next one: the aborted one must not be applied
 * behind it, however late this node comes to read it.
 */
async function hasHungUp({ socket }: IncomingMessage, response: ServerResponse): Promise<boolean> {
  for (let turn = 0; turn < hangUpTurns; turn++) await nextTurn();
  // Node answers nobody who has ended his side, but closes the connection some turns later
  return response.destroyed || socket.destroyed || socket.readableEnded;
}
