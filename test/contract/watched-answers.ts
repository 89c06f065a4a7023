import { subscribe } from "node:diagnostics_channel";
import { ClientRequest, IncomingMessage } from "node:http";
import { isJsonObject, parseCollections } from "@sluice/protocol";
import { readCollections } from "../conformance/start-target.ts";
import { gatewayPorts } from "../harness/gateway-process.ts";
import { readFrame } from "./frame-contract.ts";
import { nameOf, problemsOfAnswer, type SeenAnswer } from "./http-contract.ts";

/** What was seen of gateways in this process: answers and frames, by their names in the documents. */
export const seen = new Set<string>();

let problems: string[] = [];

/** What was seen since the last call that the documents do not have. */
export function takeProblems(): readonly string[] {
  const taken = problems;
  problems = [];
  return taken;
}

const recordTopics = new Set(
  parseCollections(readCollections()).collections.flatMap(({ name, id }) => [name, id]),
);

/** One answer on its way: checked at its end, a stream frame by frame. */
export class WatchedAnswer {
  readonly #answer: Omit<SeenAnswer, "text">;
  readonly #decoder = new TextDecoder();
  readonly #isStream: boolean;
  #text = "";

  constructor(answer: Omit<SeenAnswer, "text">) {
    this.#answer = answer;
    this.#isStream = answer.headers["content-type"] === "text/event-stream";
    if (this.#isStream) this.#check(undefined);
  }

  take(chunk: Uint8Array): void {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    if (this.#isStream) this.#takeFrames();
  }

  end(): void {
    if (!this.#isStream) this.#check(this.#answer.method === "HEAD" ? undefined : this.#text);
  }

  #check(text: string | undefined): void {
    const answer = { ...this.#answer, text };
    seen.add(nameOf(answer));
    problems.push(...problemsOfAnswer(answer));
  }

  #takeFrames(): void {
    this.#text = this.#text.replace(/^(?::\n)+/, "");
    for (let end = this.#text.indexOf("\n\n"); end >= 0; end = this.#text.indexOf("\n\n")) {
      const reading = readFrame(this.#text.slice(0, end), recordTopics);
      if ("message" in reading) seen.add(`frame ${reading.message}`);
      else problems.push(reading.problem);
      this.#text = this.#text.slice(end + 2).replace(/^(?::\n)+/, "");
    }
  }
}

/** Watches all answers of gateways to requests of this process, whoever sends them; for once. */
export function watchAnswers(): void {
  subscribe("http.client.response.finish", (message) => {
    const { request, response } = isJsonObject(message) ? message : {};
    if (!(request instanceof ClientRequest && response instanceof IncomingMessage)) return;
    // the socket of an answer to what was too large is closed by now, and tells no port
    const [, port = ""] = String(request.getHeader("Host")).split(":");
    if (!gatewayPorts.has(port)) return;
    const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
    const watched = new WatchedAnswer({
      method: request.method,
      path: request.path,
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(headers),
    });
    // a listener for its data would make it flow before the test listens
    const push = response.push.bind(response);
    response.push = (chunk: Uint8Array | null, encoding) => {
      if (chunk === null) watched.end();
      else watched.take(chunk);
      return push(chunk, encoding);
    };
  });
  watchFetch();
}

/** What `fetch` tells of a request. */
interface Fetched {
  readonly request: { readonly origin: string; readonly method: string; readonly path: string };
  readonly response?: { readonly statusCode: number; readonly headers: readonly Uint8Array[] };
  readonly chunk?: Uint8Array;
}

function watchFetch(): void {
  const watched = new WeakMap<object, WatchedAnswer>();
  subscribe("undici:request:headers", (message) => {
    if (!isFetched(message) || message.response === undefined) return;
    const { request, response } = message;
    if (!gatewayPorts.has(new URL(request.origin).port)) return;
    const { statusCode: status, headers } = response;
    const { method, path } = request;
    watched.set(request, new WatchedAnswer({ method, path, status, headers: headersOf(headers) }));
  });
  subscribe("undici:request:bodyChunkReceived", (message) => {
    if (isFetched(message) && message.chunk !== undefined) watched.get(message.request)?.take(message.chunk);
  });
  subscribe("undici:request:trailers", (message) => {
    if (isFetched(message)) watched.get(message.request)?.end();
  });
}

function isFetched(message: unknown): message is Fetched {
  return isJsonObject(message) && isJsonObject(message["request"]) && "origin" in message["request"];
}

/** Names and values by turns. */
function headersOf(raw: readonly Uint8Array[]): Record<string, string> {
  const texts = raw.map((bytes) => Buffer.from(bytes).toString());
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < texts.length; at += 2)
    headers[(texts[at] ?? "").toLowerCase()] = texts[at + 1] ?? "";
  return headers;
}
