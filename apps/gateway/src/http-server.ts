import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { answerAtOnce } from "./answers.ts";
import { createApp } from "./app.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import type { GatewayContext } from "./gateway-context.ts";
import { StartError } from "./start-error.ts";

/**
 * Longer than the idle time of load balancers, of which Google's has 600 s: else they send a request on a connection
 * that just closes.
 */
const keepAliveMs = 620_000;

/**
 * Connections that the kernel keeps until they are taken, as many as it allows. One that does not fit is tried again
 * after 1, 3 and 7 s, and an SDK waits 15.
 */
const backlog = 65_535;

/** How often requests are looked for that take too long. */
const slowRequestsMs = 1_000;

const finishStepMs = 20;

const nowMs = (): number => performance.now();

/** What takes the requests of a gateway. */
export class HttpServer {
  readonly #context: GatewayContext;
  readonly #server: Server;

  private constructor(context: GatewayContext, server: Server) {
    this.#context = context;
    this.#server = server;
  }

  /**
   * Listens; requests are taken when this returns.
   * @throws {StartError} where the address cannot be listened on
   */
  static async open(context: GatewayContext): Promise<HttpServer> {
    const { host, port } = context.settings;
    const server = createHttpServer(context);
    server.listen({ port, host, backlog });
    try {
      await once(server, "listening");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const advice = reason.includes("EADDRINUSE") ? ": end what listens there, or set another PORT" : "";
      throw new StartError(
        [`HOST, PORT: expected an address to listen on, got ${host}:${port}: ${reason}${advice}`],
        { cause: error },
      );
    }
    return new HttpServer(context, server);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /**
   * Answers the requests that came before the drain, and stops: a GET opens its stream, which then ends like the others,
   * and a POST for a stream of another node, which goes on, is not cut.
   * @param endMs when what is still under way is cut
   */
  async close(endMs: number): Promise<void> {
    const { hub, streams } = this.#context;
    while (hub.clientCount > 0 && nowMs() < endMs) {
      await streams.endAll(0, endMs - nowMs());
      await delay(finishStepMs);
    }
    const closed = once(this.#server, "close");
    this.#server.close();
    const closing = setInterval(() => this.#server.closeIdleConnections(), finishStepMs);
    await Promise.race([closed, delay(Math.max(0, endMs - nowMs()))]);
    clearInterval(closing);
    this.#server.closeAllConnections();
  }
}

function createHttpServer(context: GatewayContext): Server {
  const { host, requestSeconds, corsOrigins: origins } = context.settings;
  const route = getRequestListener(createApp(context).fetch, { hostname: host });
  const options = {
    // from the connection on, or from the first byte of a later request on it, until the last byte of the body
    headersTimeout: requestSeconds * 1000,
    requestTimeout: requestSeconds * 1000,
    connectionsCheckingInterval: slowRequestsMs,
  };
  const server = createServer(options, (incoming, outgoing) => {
    // in front of the router: a flood is to cost as little as can be
    const answer = context.limits.refuseRequest(incoming);
    if (answer === undefined) void route(incoming, outgoing);
    else answerAtOnce(incoming, outgoing, { answer, origins });
  });
  server.on("clientError", (error, socket) => {
    const reason = answerBrokenRequest(error, socket);
    if (reason !== undefined) context.metrics.refusals.inc({ reason });
  });
  server.keepAliveTimeout = keepAliveMs;
  return server;
}
