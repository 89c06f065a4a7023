import { type IncomingMessage, request } from "node:http";
import { EventStreamParser, type SourceEvent } from "./event-stream-parser.ts";

/** What a source tells. */
export interface SourceListener {
  readonly onEvent: (event: SourceEvent) => void;
  /** The connection is gone; the source connects again by itself. */
  readonly onEnd: () => void;
  /** The server answered with something else than a stream: the source is closed for good. */
  readonly onFail: () => void;
}

/**
 * An `EventSource` as browsers have it: it keeps the last event id and offers it when it connects again, a while after
 * every end; an answer that is no stream closes it.
 */
export class NativeEventSource {
  readonly #url: string;
  readonly #listener: SourceListener;
  readonly #reconnectMs: () => number;
  #lastEventId = "";
  #response: IncomingMessage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #abort = new AbortController();
  #isClosed = false;

  constructor(url: string, listener: SourceListener, reconnectMs: () => number) {
    this.#url = url;
    this.#listener = listener;
    this.#reconnectMs = reconnectMs;
    this.#connect();
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  /** Reads nothing for a while. */
  stall(forMs: number): void {
    const response = this.#response;
    response?.pause();
    setTimeout(() => response?.resume(), forMs);
  }

  #connect(): void {
    this.#abort = new AbortController();
    const headers = {
      Accept: "text/event-stream",
      ...(this.#lastEventId === "" ? {} : { "Last-Event-ID": this.#lastEventId }),
    };
    const outgoing = request(this.#url, { agent: false, headers, signal: this.#abort.signal });
    let isOver = false;
    const end = (): void => {
      if (isOver || this.#isClosed) return;
      isOver = true;
      // what is still on its way from there comes too late
      outgoing.destroy();
      this.#response = undefined;
      this.#listener.onEnd();
      this.#timer = setTimeout(() => this.#connect(), this.#reconnectMs());
    };
    outgoing.on("response", (response) => this.#read(response, end));
    outgoing.on("error", end);
    outgoing.end();
  }

  #read(response: IncomingMessage, end: () => void): void {
    if (response.statusCode !== 200) {
      this.close();
      return this.#listener.onFail();
    }
    this.#response = response;
    const parser = new EventStreamParser(this.#lastEventId);
    response.setEncoding("utf8");
    response.on("data", (text: string) => {
      if (this.#isClosed) return;
      parser.push(text, this.#listener.onEvent);
      this.#lastEventId = parser.lastEventId;
    });
    response.on("error", end);
    response.on("close", end);
  }
}
