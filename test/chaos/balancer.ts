import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { StreamLink } from "./stream-link.ts";

/** One GET of a client as the balancer saw it. */
export interface StreamRecord {
  readonly client: number;
  /** The cursor that the client offered, or an empty text. */
  readonly offered: string;
  readonly openedMs: number;
  /** The index of the node that answered. */
  node: number;
  status: number;
  endedMs: number;
  /** Who ended it; nothing while it is open. */
  endedBy: "client" | "node" | "network" | undefined;
}

/**
 * A load balancer without stickiness: each request goes to the next node, a node that refuses the connection is passed
 * over, and whatever a node answers is passed on. Streams can be broken as networks break them.
 */
export class Balancer {
  /** All streams since the beginning, in the order in which they were asked for. */
  readonly streams: StreamRecord[] = [];
  /** The streams that are open now, by their clients. */
  readonly links = new Map<number, StreamLink>();
  /** Called for every POST; true where its answer is to be lost. */
  losesAnswer: (client: number) => boolean = () => false;
  readonly #nodes: readonly string[];
  readonly #nodeOf = new Map<number, number>();
  readonly #server: Server;
  #next = 0;

  /** @param nodes the addresses of the nodes, whether they are up or not */
  constructor(nodes: readonly string[]) {
    this.#nodes = nodes;
    this.#server = createServer((incoming, outgoing) => {
      // a request that breaks off is its sender's hang-up
      this.#carry(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  /** @returns its address */
  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  /** Cuts the streams of a node, as a balancer does that takes it for dead. */
  cutNode(node: number): void {
    for (const [client, link] of this.links) {
      if (this.#nodeOf.get(client) === node) link.cut("close", 0);
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #carry(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const [, client = "", path = ""] = /^\/c(\d+)(\/.*)$/.exec(incoming.url ?? "") ?? [];
    const call: Call = { incoming, outgoing, client: Number(client), path, body: await buffer(incoming) };
    const record = incoming.method === "GET" ? this.#record(call) : undefined;
    // other requests take their turns meanwhile: this one may come to the same node again
    for (let attempt = 0; attempt < 4 * this.#nodes.length; attempt++) {
      const node = this.#next++ % this.#nodes.length;
      const response = await ask(this.#nodes[node] ?? "", call);
      if (response === "refused") continue;
      if (response === "gone") break;
      if (record === undefined) return this.#answer(call, response);
      return this.#stream(call, response, Object.assign(record, { node, status: response.statusCode }));
    }
    if (!outgoing.destroyed) outgoing.writeHead(502).end();
  }

  #record({ client, incoming, path }: Call): StreamRecord {
    const query = new URL(path, "http://balancer").searchParams.get("lastEventId") ?? "";
    const offered = String(incoming.headers["last-event-id"] ?? query);
    const openedMs = Date.now();
    const record = { client, offered, openedMs, node: -1, status: 0, endedMs: 0, endedBy: undefined };
    this.streams.push(record);
    return record;
  }

  #answer({ client, outgoing }: Call, response: IncomingMessage): void {
    if (this.losesAnswer(client)) {
      response.destroy();
      outgoing.destroy();
      return;
    }
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(outgoing);
    response.on("error", () => outgoing.destroy());
  }

  #stream({ client, outgoing }: Call, response: IncomingMessage, record: StreamRecord): void {
    outgoing.writeHead(record.status, response.headers);
    outgoing.flushHeaders();
    const link = new StreamLink(response, outgoing, (endedBy) => {
      record.endedBy = endedBy;
      record.endedMs = Date.now();
      if (this.links.get(client) === link) this.links.delete(client);
    });
    this.links.set(client, link);
    this.#nodeOf.set(client, record.node);
  }
}

interface Call {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly client: number;
  readonly path: string;
  readonly body: Buffer;
}

/** Hands a request to a node. */
async function ask(node: string, call: Call): Promise<IncomingMessage | "refused" | "gone"> {
  const { incoming, outgoing, path, body } = call;
  const { promise, resolve } = Promise.withResolvers<IncomingMessage | "refused" | "gone">();
  const { method = "GET", headers } = incoming;
  const upstream = request(node + path, { method, headers, agent: false });
  upstream.on("response", resolve);
  upstream.on("error", (error) => {
    resolve("code" in error && error.code === "ECONNREFUSED" ? "refused" : "gone");
  });
  const hangUp = (): unknown => upstream.destroy();
  outgoing.once("close", hangUp);
  upstream.once("close", () => outgoing.off("close", hangUp));
  upstream.end(body);
  return promise;
}
