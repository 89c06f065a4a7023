import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { encodeFrame } from "@sluice/protocol";
import { waitUntil } from "./wait-until.ts";

/** What the endpoint does with a request: a status, nothing at all, or to hang up, now or some time later. */
type Answer = number | "silence" | "hang-up" | Promise<number | "hang-up">;

/** A realtime endpoint that does what its test says, seen from the side of the server. */
export class ScriptedEndpoint {
  /** The streams in the order of their GETs, those that were not opened among them. */
  readonly streams: ScriptedStream[] = [];
  /** The subscriptions of each POST. */
  readonly posts: string[] = [];
  /** How the next GETs are answered; where nothing is left, with an open stream. */
  readonly streamAnswers: Answer[] = [];
  /** How the next POSTs are answered; where nothing is left, with 204. */
  readonly postAnswers: Answer[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  static async open(): Promise<ScriptedEndpoint> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new ScriptedEndpoint(server);
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new TypeError("expected a TCP address");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Waits for a GET, counted from 0. */
  async stream(index: number): Promise<ScriptedStream> {
    await waitUntil(() => this.streams[index] !== undefined, `stream ${index}`);
    const stream = this.streams[index];
    if (stream === undefined) throw new TypeError("expected a stream");
    return stream;
  }

  /** Waits until there were so many POSTs. */
  waitForPosts(count: number): Promise<void> {
    return waitUntil(() => this.posts.length >= count, `${count} POSTs`);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") {
      const stream = new ScriptedStream(`client${this.streams.length}`, request, response);
      const answer = this.streamAnswers.shift();
      this.streams.push(stream);
      if (answer === undefined) stream.open();
      else reply(response, await answer);
      return;
    }
    this.posts.push(await text(request));
    reply(response, (await this.postAnswers.shift()) ?? 204);
  }
}

/** One GET of a {@link ScriptedEndpoint}. */
export class ScriptedStream {
  /** The path and the query as they were asked for. */
  readonly target: string;
  /** The cursor in the query. */
  readonly offered: string | null;
  readonly #clientId: string;
  readonly #response: ServerResponse;

  constructor(clientId: string, request: IncomingMessage, response: ServerResponse) {
    this.target = request.url ?? "";
    this.offered = new URL(this.target, "http://endpoint").searchParams.get("lastEventId");
    this.#clientId = clientId;
    this.#response = response;
  }

  /** `PB_CONNECT`, and the cursor behind it: the one that was offered, else `1-0`. */
  open(): void {
    this.#response.writeHead(200, { "Content-Type": "text/event-stream" });
    const connected = encodeFrame({ id: this.#clientId, event: "PB_CONNECT", data: "{}" });
    const cursor = encodeFrame({ id: this.offered || "1-0", event: "@cursor", data: "" });
    this.#response.write(Buffer.concat([connected, cursor]));
  }

  send(event: string, id: string, data = "{}"): void {
    this.#response.write(encodeFrame({ id, event, data }));
  }

  /** Ends the stream politely. */
  end(): void {
    this.#response.end();
  }

  /** Hangs up in the midst of the stream. */
  cut(): void {
    this.#response.destroy();
  }
}

function reply(response: ServerResponse, answer: Awaited<Answer>): void {
  if (answer === "hang-up") response.destroy();
  else if (answer !== "silence") response.writeHead(answer).end();
}
