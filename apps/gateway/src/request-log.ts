import type { MiddlewareHandler } from "hono";
import { requestId } from "hono/request-id";
import type { Logger } from "pino";
import type { GatewayEnv, NodeContext } from "./gateway-context.ts";

const maxIdLength = 100;

/** Gives every request an id: its own `X-Request-Id` where that is short and plain, else a new one. */
export function identifyRequests(): MiddlewareHandler {
  return requestId({ limitLength: maxIdLength });
}

/** What lines about a request tell of it; never its query or its headers, which may carry tokens. */
export function factsOf({ req, var: { requestId: id } }: NodeContext): Readonly<Record<string, string>> {
  return { requestId: id, method: req.method, path: req.path };
}

/** Logs every answer, at the level `debug`. */
export function logAnswers(log: Logger): MiddlewareHandler<GatewayEnv> {
  return async (context, next) => {
    await next();
    if (log.isLevelEnabled("debug"))
      log.debug({ ...factsOf(context), status: context.res.status }, "answered");
  };
}
