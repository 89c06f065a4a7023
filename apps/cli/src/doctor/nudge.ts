import { askWhole, postJson, type ProbeTarget, type WholeAnswer } from "./probe.ts";
import type { ProbeStream } from "./probe-stream.ts";

/** What became of a frame that the probe sent to its own stream. */
export type Nudge =
  | { readonly outcome: "came"; readonly lateMs: number }
  /** It was sent, and not here in time. */
  | { readonly outcome: "missing"; readonly waitedMs: number }
  /** Nobody sent it: the route to `/api/oauth2-redirect` does not lead to the nodes. */
  | { readonly outcome: "not-sent" };

const waitMs = 5_000;

/** Subscribes a stream to the frame that a {@link nudge} sends, once. */
export function subscribe(target: ProbeTarget, clientId: string): Promise<WholeAnswer> {
  return postJson(target, "/api/realtime", { clientId, subscriptions: ["@oauth2"] });
}

/**
 * Has a frame sent to a stream, now. The OAuth2 redirect does so for anybody who knows the stream's id, and its answer
 * tells whether it has.
 */
export async function nudge(target: ProbeTarget, stream: ProbeStream): Promise<Nudge> {
  const { clientId, oneShots } = stream;
  const { status } = await subscribe(target, clientId);
  if (status !== 204) return { outcome: "not-sent" };
  const path = `/api/oauth2-redirect?state=${clientId}&code=doctor`;
  const { header } = await askWhole(target, { method: "GET", path });
  if (!header("location").endsWith("oauth2-redirect-success")) return { outcome: "not-sent" };
  const sentAt = performance.now();
  const came = await stream.waitFor(() => stream.oneShots > oneShots, waitMs);
  const lateMs = performance.now() - sentAt;
  return came ? { outcome: "came", lateMs } : { outcome: "missing", waitedMs: lateMs };
}
