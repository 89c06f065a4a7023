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
}

/** A stream that is live. */
export interface EventStream {
  /** All but `PB_CONNECT`, until it ends; whoever leaves the loop hangs up. */
  readonly events: AsyncIterable<EventSourceMessage>;
  readonly close: () => void;
}

/**
 * Opens a stream and subscribes it, as an SDK does.
 * @throws {UnreachableError} where the gateway does not answer as one
 * @throws {InputError} where it refuses the subscriptions
 */
export async function openEventStream(
  gateway: Gateway,
  { subscriptions, cursor }: StreamRequest,
): Promise<EventStream> {
  const response = await connect(gateway.url, cursor);
  const close = (): void => void response.destroy();
  const timer = setTimeout(close, connectMs);
  try {
    const events = readEvents(response);
    const { value: first } = await events.next();
    if (first?.event !== "PB_CONNECT") {
      throw new UnreachableError(
        `expected PB_CONNECT of ${gateway.url.origin}, got ${first?.event ?? "none"}`,
      );
    }
    await post(gateway, "api/realtime", JSON.stringify({ clientId: first.id, subscriptions }));
    return { events, close };
  } catch (error) {
    close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function* readEvents(response: IncomingMessage): AsyncGenerator<EventSourceMessage, undefined> {
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      parser.feed(String(chunk));
      yield* events.splice(0);
    }
  } catch {
    // a stream that breaks off is over, as one that ends
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
