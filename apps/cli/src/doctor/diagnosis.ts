import { type Finding, found, mendable } from "./finding.ts";
import { type Nudge, nudge } from "./nudge.ts";
import { ask, browserEncodings, ProbeError, type ProbeTarget } from "./probe.ts";
import {
  httpFinding,
  originFinding,
  postFinding,
  reachFault,
  routeFault,
  stickinessNote,
  tokenFinding,
} from "./route-checks.ts";
import { delayFinding, openStream, type Watch, watchQuiet } from "./stream-checks.ts";
import type { ProbeStream } from "./probe-stream.ts";

/** Looks at a stream through a proxy from all sides, and tells each finding when it is there. */
export async function* diagnose(target: ProbeTarget, watch: Watch): AsyncGenerator<Finding> {
  try {
    yield* examineRoute(target, watch);
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    yield reachFault(target, error);
  }
}

async function* examineRoute(target: ProbeTarget, watch: Watch): AsyncGenerator<Finding> {
  // it goes the stream's way, ends, and has no body that could be held back
  const headers = { accept: "text/event-stream", "accept-encoding": browserEncodings };
  const startedAt = performance.now();
  const head = await ask(target, { method: "HEAD", path: "/api/realtime", headers });
  const usualMs = performance.now() - startedAt;
  head.close();
  const fault = routeFault(head);
  if (fault !== undefined) return yield fault;
  const stickiness = stickinessNote(head);
  yield httpFinding(head);
  if (stickiness !== undefined) yield stickiness;
  if (target.origin !== undefined) yield await originFinding(target, target.origin, head);
  const stream = yield* openStream(target, usualMs);
  if (stream === undefined) return;
  try {
    yield* examineStream(target, stream, watch);
  } finally {
    stream.close();
  }
}

async function* examineStream(
  target: ProbeTarget,
  stream: ProbeStream,
  watch: Watch,
): AsyncGenerator<Finding> {
  yield stream.tellsCursor
    ? found("route", "good", "a stream of Sluice")
    : mendable("route", "the stream is PocketBase's own, or that of another service: not Sluice");
  const posts = await postFinding(target, stream.clientId);
  yield posts;
  if (target.token !== undefined) yield await tokenFinding(target);
  const sent: Nudge = posts.verdict === "good" ? await nudge(target, stream) : { outcome: "not-sent" };
  const delay = delayFinding(sent);
  yield delay;
  if (delay.verdict !== "wrong") yield await watchQuiet(target, stream, watch);
}
