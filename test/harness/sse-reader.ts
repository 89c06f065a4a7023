import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
} from "node:http";
import { waitUntil } from "./wait-until.ts";

/** One SSE event as it came; fields that were not sent are undefined. */
export interface ReceivedFrame {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
}

// a connection for each stream, as EventSource has
const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** A stream seen from outside: reads frames, waits for them, stalls, and hangs up in different ways. */
export class SseReader {
  readonly frames: ReceivedFrame[] = [];
  readonly #request: ClientRequest;
  readonly #response: IncomingMessage;
  #text = "";
  #heartbeats = 0;
  #raw = "";
  #ended = false;

  private constructor(outgoing: ClientRequest, response: IncomingMessage) {
    this.#request = outgoing;
    this.#response = response;
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => this.#take(chunk));
    response.on("close", () => (this.#ended = true));
    response.on("error", () => (this.#ended = true));
  }

  /**
   * Opens a stream and waits for its `PB_CONNECT`.
   * @param base the gateway's or the balancer's address, without a path
   * @param query with its question mark
   */
  static async open(
    base: string,
    headers: Readonly<Record<string, string>> = {},
    query = "",
  ): Promise<SseReader> {
    const reader = await SseReader.openRaw(base, headers, query);
    await reader.waitFor((frame) => frame.event === "PB_CONNECT", "PB_CONNECT", 15_000);
    return reader;
  }

  /** Opens a stream and returns as soon as its headers are here, whatever the status. */
  static async openRaw(
    base: string,
    headers: Readonly<Record<string, string>> = {},
    query = "",
  ): Promise<SseReader> {
    const outgoing = request(`${base}/api/realtime${query}`, {
      agent,
      headers: { Accept: "text/event-stream", ...headers },
    });
    outgoing.end();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
    return new SseReader(outgoing, await promise);
  }

  get status(): number {
    return this.#response.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.#response.headers;
  }

  /** Everything that came, byte for byte. */
  get raw(): string {
    return this.#raw;
  }

  get clientId(): string {
    return this.frames.find((frame) => frame.event === "PB_CONNECT")?.id ?? "";
  }

  get heartbeats(): number {
    return this.#heartbeats;
  }

  /** Whether the stream is over, from whichever side. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The frames of one subscription, or all but those that only say where the stream is. */
  events(name?: string): readonly ReceivedFrame[] {
    return this.frames.filter(({ event }) =>
      name === undefined ? event !== "PB_CONNECT" && event !== "@cursor" : event === name,
    );
  }

  /** Waits for a frame, also one that is here already. */
  async waitFor(
    accepts: (frame: ReceivedFrame) => boolean,
    what: string,
    withinMs = 5_000,
  ): Promise<ReceivedFrame> {
    await waitUntil(() => this.frames.some(accepts) || this.#ended, `${what} in a stream`, withinMs);
    const found = this.frames.find(accepts);
    if (found === undefined) throw new Error(`the stream ended before ${what}`);
    return found;
  }

  /** Waits until so many events have come. */
  async waitForCount(count: number, withinMs = 5_000): Promise<void> {
    await waitUntil(() => this.events().length >= count, `${count} events in a stream`, withinMs);
  }

  async waitForEnd(withinMs = 5_000): Promise<void> {
    await waitUntil(() => this.#ended, "the end of a stream", withinMs);
  }

  /** Stops reading, as a client does that hangs. */
  stall(): void {
    this.#response.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#response.resume();
  }

  /** Hangs up as a closed browser tab does. */
  close(): void {
    this.#request.destroy();
  }

  /** Hangs up with a TCP reset. */
  reset(): void {
    this.#response.socket.resetAndDestroy();
  }

  /** Ends the client's side only and reads on. */
  halfClose(): void {
    this.#response.socket.end();
  }

  #take(chunk: string): void {
    this.#raw += chunk;
    this.#text += chunk;
    for (let end = this.#endOfNext(); end >= 0; end = this.#endOfNext()) {
      const text = this.#text.slice(0, end);
      this.#text = this.#text.slice(end);
      if (text.startsWith(":")) this.#heartbeats += 1;
      else this.frames.push(parseFrame(text.trimEnd()));
    }
  }

  /** The index behind the next whole heartbeat or frame, or -1. */
  #endOfNext(): number {
    const mark = this.#text.startsWith(":") ? "\n" : "\n\n";
    const at = this.#text.indexOf(mark);
    return at < 0 ? -1 : at + mark.length;
  }
}

function parseFrame(text: string): ReceivedFrame {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return { id: fields.get("id"), event: fields.get("event"), data: fields.get("data") };
}
