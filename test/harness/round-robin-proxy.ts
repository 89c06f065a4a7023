import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** A load balancer without stickiness: each request goes to the next node, streams included. */
export interface RoundRobinProxy {
  readonly url: string;
  /** Replaces the nodes, as a balancer does when one dies or comes back. */
  readonly setNodes: (urls: readonly string[]) => void;
  /** Cuts all connections, as a network does. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

/**
 * Starts a balancer on a free loopback port. A node that refuses the connection is answered for with 502.
 * @param answers JSON that the balancer answers itself, by path: what some other service behind it would say
 */
export async function startRoundRobinProxy(
  urls: readonly string[],
  answers: Readonly<Record<string, unknown>> = {},
): Promise<RoundRobinProxy> {
  let nodes = urls;
  let next = 0;
  const server = createServer((incoming, outgoing) => {
    const answer = answers[incoming.url?.replace(/\?.*/, "") ?? ""];
    if (answer !== undefined) {
      outgoing.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
      return;
    }
    const node = nodes[next % nodes.length] ?? "";
    next += 1;
    forward(incoming, outgoing, node);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    setNodes: (changed) => (nodes = changed),
    cut: () => server.closeAllConnections(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Passes everything through to a server, hang-ups in both directions too. */
export function forward(incoming: IncomingMessage, outgoing: ServerResponse, node: string): void {
  const { method = "GET", url = "/", headers } = incoming;
  const upstream = request(node + url, { method, headers, agent: false });
  upstream.on("response", (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    outgoing.flushHeaders();
    response.pipe(outgoing);
    response.on("error", () => outgoing.destroy());
  });
  upstream.on("error", () => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end();
  });
  outgoing.on("close", () => upstream.destroy());
  incoming.pipe(upstream);
}
