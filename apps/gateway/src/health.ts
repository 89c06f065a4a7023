import type { Context } from "hono";
import type { GatewayContext } from "./gateway-context.ts";

/** `GET /api/health`, as PocketBase answers it. */
export function showHealth(context: Context): Response {
  context.header("Content-Type", "application/json");
  return context.body('{"message":"API is healthy.","code":200,"data":{}}\n');
}

/** `GET /livez`: the process runs. */
export function showLive(context: Context): Response {
  return context.json({ status: "live" });
}

/**
 * `GET /readyz`: whether a load balancer should send requests here. Without Redis a node stays ready, degraded: all
 * nodes lose Redis at once, and all of them unready would end what still works.
 */
export function showReady({ backplane, draining, siblings }: GatewayContext, context: Context): Response {
  if (draining()) return context.json({ status: "draining" }, 503);
  // the first would get what is for all
  if (siblings?.areUp === false) return context.json({ status: "starting" }, 503);
  return context.json({ status: backplane.connected ? "ready" : "degraded" });
}
