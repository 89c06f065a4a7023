import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { UnreachableError } from "./command-error.ts";
import { type Gateway, post, unreachable } from "./gateway.ts";

const connectMs = 15_000;

/** What a client asks for. */
export interface StreamRequest {
  readonly subscriptions: readonly string[];
  /** Where in the log it was; empty where it was nowhere and will offer its place when it comes back. */
  readonly cursor?: string;
  /** Called for each event but `PB_CONNECT`. */
  readonly onEvent: (event: EventSourceMessage, stream: IncomingMessage) => void;
  /** Called once, when the stream is over. */
  readonly onEnd?: () => void;
}

/**
 * Opens a stream and subscribes it, as an SDK does; returns when it is live.
 * @returns the response; destroyed, it hangs up
 * @throws {UnreachableError} where the gateway does not answer as one
 * @throws {InputError} where it refuses the subscriptions
 */
export async function openEventStream(gateway: Gateway, request: StreamRequest): Promise<IncomingMessage> {
  const response = await connect(gateway.url, request.cursor);
  const connected = Promise.withResolvers<string>();
  const parser = createParser({
    onEvent: (event) => {
      if (event.event === "PB_CONNECT") connected.resolve(event.id ?? "");
      else request.onEvent(event, response);
    },
  });
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => parser.feed(chunk));
  // the end says all that there is to say
  response.on("error", () => undefined);
  response.once("close", () => {
    connected.reject(new UnreachableError(`${gateway.url.origin} ended a stream before PB_CONNECT`));
    request.onEnd?.();
  });
  const timer = setTimeout(() => response.destroy(), connectMs);
  try {
    const clientId = await connected.promise;
    await post(gateway, "api/realtime", { clientId, subscriptions: request.subscriptions });
    return response;
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function connect(url: URL, cursor: string | undefined): Promise<IncomingMessage> {
  const address = new URL("api/realtime", url);
  if (cursor !== undefined) address.searchParams.set("lastEventId", cursor);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const get = address.protocol === "https:" ? getHttps : getHttp;
  // a connection for each stream
  const request = get(address, { agent: false, headers: { Accept: "text/event-stream" } }, resolve);
  request.on("error", (error) => reject(unreachable(url, error)));
  request.setTimeout(connectMs, () => request.destroy(new UnreachableError("no answer in time")));
  const response = await promise;
  request.setTimeout(0);
  const isStream = response.headers["content-type"]?.startsWith("text/event-stream") === true;
  if (response.statusCode === 200 && isStream) return response;
  response.destroy();
  throw new UnreachableError(
    `expected a stream of a gateway at ${address.origin}, got status ${response.statusCode}`,
  );
}
