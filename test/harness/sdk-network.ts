import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { takePort } from "./sdk-port.ts";

/** One `POST /api/realtime` as an SDK sent it. */
interface SdkPost {
  readonly clientId: string;
  readonly subscriptions: readonly string[];
}

/** The network between SDKs and a balancer: it remembers what they send, is slow, and breaks, when it is told to. */
export interface SdkNetwork {
  readonly url: string;
  /** The POSTs that set subscriptions, in the order in which they were sent, those too that were given up since. */
  readonly posts: readonly SdkPost[];
  /** Keeps POSTs on their way from now on; returns what lets them all go. */
  readonly holdPosts: () => () => void;
  /** Ends the open streams as a server does that is done. */
  readonly endStreams: () => void;
  /** Ends the open streams with a TCP reset. */
  readonly resetStreams: () => void;
  readonly close: () => Promise<void>;
}

/**
 * Starts a network in front of a balancer, on a free loopback port.
 * @param target the balancer's address, without a path
 */
export async function startSdkNetwork(target: string): Promise<SdkNetwork> {
  const posts: SdkPost[] = [];
  const streams = new Set<ServerResponse>();
  let gate: Promise<void> = Promise.resolve();
  const carry = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await text(incoming);
    if (incoming.url === "/api/realtime") {
      if (incoming.method === "GET") streams.add(outgoing.once("close", () => streams.delete(outgoing)));
      else posts.push(parsePost(body));
    }
    if (incoming.method === "POST") await gate;
    if (!outgoing.destroyed) forward(incoming, outgoing, { target, body });
  };
  const server = createServer((incoming, outgoing) => {
    // a request that breaks off is its sender's hang-up
    carry(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const port = await takePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${port}`,
    posts,
    holdPosts: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    endStreams: () => {
      for (const stream of streams) stream.end();
    },
    resetStreams: () => {
      for (const stream of streams) stream.socket?.resetAndDestroy();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function parsePost(body: string): SdkPost {
  const post: unknown = JSON.parse(body);
  if (typeof post !== "object" || post === null) throw new TypeError(`expected an object, got ${body}`);
  const clientId = "clientId" in post ? String(post.clientId) : "";
  const subscriptions =
    "subscriptions" in post && Array.isArray(post.subscriptions) ? post.subscriptions.map(String) : [];
  return { clientId, subscriptions };
}

/** Passes a request on, and its answer back; whoever hangs up on one side is hung up on at the other. */
function forward(
  { method, url, headers }: IncomingMessage,
  outgoing: ServerResponse,
  { target, body }: { target: string; body: string },
): void {
  const upstream = request(target + (url ?? "/"), { method, headers, agent: false });
  upstream.on("response", (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    outgoing.flushHeaders();
    // a stream that the network has ended itself takes nothing more
    response.on("data", (chunk: Buffer) => outgoing.writableEnded || outgoing.write(chunk));
    response.on("end", () => outgoing.end());
    response.on("error", () => outgoing.destroy());
  });
  upstream.on("error", () => outgoing.destroy());
  // 'finish' comes before the socket is closed where the network ends a stream itself
  for (const event of ["finish", "close"]) outgoing.on(event, () => upstream.destroy());
  upstream.end(body);
}
