import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { finished } from "node:stream/promises";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Batch, type Frame } from "@sluice/hub";
import { createClientId, encodeFrame, guest, parseCursor } from "@sluice/protocol";
import { answerError } from "./answers.ts";
import { clientAddress } from "./client-address.ts";
import { originHeaders } from "./cors.ts";
import type { GatewayContext, NodeContext } from "./gateway-context.ts";
import { tooManyStreams } from "./request-limits.ts";
import { Stream } from "./stream.ts";
import { drawLifeMs } from "./stream-life.ts";
import { takeConnection } from "./take-connection.ts";
import { UnavailableError } from "./unavailable-error.ts";

const streamHeaders = [
  ["Content-Type", "text/event-stream"],
  ["Cache-Control", "no-store"],
  ["X-Accel-Buffering", "no"],
] as const;

/**
 * `GET /api/realtime`: opens a stream. The client is in the directory before `PB_CONNECT` is written, so that every
 * node finds it from the moment on at which anybody knows its id.
 */
export async function openStream(gateway: GatewayContext, context: NodeContext): Promise<Response> {
  const { incoming, outgoing } = context.env;
  if (incoming.method === "HEAD") {
    for (const [name, value] of streamHeaders) context.header(name, value);
    context.header("X-Request-Id");
    return context.body(null, 200);
  }
  await readToEnd(incoming, outgoing);
  const { hub, settings } = gateway;
  if (gateway.draining()) throw new UnavailableError("This node is shutting down.");
  if (hub.clientCount >= settings.streams.maxStreams) {
    gateway.metrics.refusals.inc({ reason: "node_streams" });
    throw new UnavailableError("Too many realtime streams.");
  }
  const leave = gateway.limits.enterStream(incoming);
  if (leave === undefined) return answerError(context, tooManyStreams);
  const clientId = createClientId((bytes) => crypto.getRandomValues(bytes));
  const offered = offeredIn(context);
  const lifeMs = drawLifeMs(settings.streams.streamSeconds, Math.random);
  const stream = new Stream(clientId, { lifeMs, offered, context: gateway.streamContext });
  const address = settings.checkAddress ? clientAddress(incoming, settings.trustedProxyHeader) : "";
  const forget = (): void => {
    hub.remove(clientId);
    leave();
  };
  await admit(gateway, stream, { address, forget });
  const socket = writeHead(gateway, incoming, outgoing);
  // the client may have left while it was registered
  if (socket === undefined) {
    forget();
    void gateway.backplane.unregister(clientId, { wasSubscribed: false });
  } else {
    stream.open(socket, outgoing.chunkedEncoding);
    socket.once("close", () => {
      forget();
      gateway.streams.remove(clientId);
    });
    announce(gateway, stream);
    gateway.log.debug({ clientId, requestId: context.var.requestId }, "a stream was opened");
  }
  return RESPONSE_ALREADY_SENT;
}

/** What stands for whatever a client offered that is no cursor. */
const notACursor = "?";

/**
 * What a client offers: by the header, or by the query where a stream that broke off behind `PB_CONNECT` has left the
 * client's own id there. A copy: a part of the request's text would keep all of that in memory for the stream's life.
 */
function offeredIn({ env, req }: NodeContext): string | undefined {
  const offers = [env.incoming.headers["last-event-id"]?.toString(), req.query("lastEventId")];
  const cursor = offers.find((offer) => offer !== undefined && parseCursor(offer) !== undefined);
  if (cursor !== undefined) return Buffer.from(cursor).toString();
  const offered = offers.find((offer) => offer !== undefined);
  return offered === undefined || offered === "" ? offered : notACursor;
}

/** Takes a client in when its turn comes; until then it counts as one of this node. */
async function admit(
  { admission, hub, backplane }: GatewayContext,
  stream: Stream,
  { address, forget }: { readonly address: string; readonly forget: () => void },
): Promise<void> {
  const { clientId, keepsCursor } = stream;
  hub.add(clientId, address, stream);
  try {
    await admission.run(() =>
      backplane.register(clientId, { address, identity: guest, subscriptions: [], version: 0, keepsCursor }),
    );
  } catch (error) {
    forget();
    throw error;
  }
}

/**
 * Waits until a request is here with its body and has its turn on its connection, before anything is held for it.
 * @throws where the sender hangs up meanwhile
 */
async function readToEnd(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  // its listeners would keep the request in memory for the stream's life
  await finished(incoming.resume(), { cleanup: true });
  // it was sent behind another one; where that one keeps the connection, nobody waits for this
  if (outgoing.socket === null) await once(outgoing, "socket");
}

/** @returns the connection behind the head; nothing where it is closed */
function writeHead(
  { settings }: GatewayContext,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Socket | undefined {
  if (outgoing.destroyed) return undefined;
  // PocketBase sends no Connection header
  outgoing.removeHeader("Connection");
  const headers = [...streamHeaders, ...originHeaders(settings.corsOrigins, incoming.headers.origin)];
  outgoing.writeHead(200, headers.flat());
  outgoing.flushHeaders();
  return takeConnection(outgoing);
}

/** Tells the client its id, and where in the log it is: behind both its last event id is a cursor. */
function announce({ streams, recent }: GatewayContext, stream: Stream): void {
  streams.add(stream);
  const { clientId, offered } = stream;
  const cursor = offered && offered !== notACursor ? offered : recent.position;
  stream.toldPosition = cursor;
  const data = JSON.stringify({ clientId, cursor });
  const connected = { bytes: encodeFrame({ id: clientId, event: "PB_CONNECT", data }), subject: undefined };
  stream.write(new Batch().with(connected).with(cursorFrame(cursor)));
}

/** A frame that only says where in the log a client is. */
export function cursorFrame(cursor: string): Frame {
  return { bytes: encodeFrame({ id: cursor, event: "@cursor", data: "" }), subject: undefined };
}
