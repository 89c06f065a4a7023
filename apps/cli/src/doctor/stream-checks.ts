import { setTimeout as delay } from "node:timers/promises";
import { type Finding, found, inSeconds, mendable } from "./finding.ts";
import { type Nudge, nudge } from "./nudge.ts";
import { browserEncodings, ProbeError, type ProbeTarget } from "./probe.ts";
import { ProbeStream } from "./probe-stream.ts";
import { routeFault } from "./route-checks.ts";

/** How a quiet stream is watched. */
export interface Watch {
  readonly seconds: number;
  /** Told each second how many have passed. */
  readonly onSecond: (seconds: number) => void;
}

// a node under load lets a stream in within 9 s
const beginMs = 10_000;
const lateMs = 2_000;
// the least that is said of the silence of a stream: three heartbeats of the default HEARTBEAT_SECONDS
const leastSilenceSeconds = 60;
// shorter than IDLE_SECONDS, so that a long watch shows the proxy's patience and not the node's
const nudgeEverySeconds = 240;
const busyLimitMs = 120_000;

/**
 * Opens a stream as a browser does, and one without compression for the case that this one is compressed.
 * @param usualMs what an answer takes that nothing can hold back
 * @returns with its `PB_CONNECT`, to be closed by the caller; nothing where there is no more to look at
 */
export async function* openStream(
  target: ProbeTarget,
  usualMs: number,
): AsyncGenerator<Finding, ProbeStream | undefined> {
  const [first, plain] = await Promise.all([
    beginStream(target, browserEncodings, usualMs),
    beginStream(target, "identity", usualMs),
  ]);
  const isPlain = plain instanceof ProbeStream;
  if (first instanceof ProbeStream && first.encoding === "") {
    if (isPlain) plain.close();
    return first;
  }
  if (first instanceof ProbeStream) {
    first.close();
    const says = `the stream is compressed (${first.encoding}), which costs memory and may hold events back`;
    yield mendable("compression", says);
    if (!isPlain) yield plain;
  } else if (isPlain && first.check === "buffering") {
    const says = "a stream begins only where its client takes no compression: compression holds it back";
    yield mendable("compression", says);
  } else yield first;
  return isPlain ? plain : undefined;
}

/** @returns a stream that is compressed or has begun, or what is wrong with it */
async function beginStream(
  target: ProbeTarget,
  encodings: string,
  usualMs: number,
): Promise<ProbeStream | Finding> {
  const startedAt = performance.now();
  let stream: ProbeStream | undefined;
  try {
    stream = await ProbeStream.open(target, encodings);
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
  }
  // a proxy that waits for the whole of a body gives up on one that has no end
  const answer = stream?.answer.status === 504 ? undefined : stream?.answer;
  const fault = answer === undefined ? undefined : routeFault(answer);
  if (fault !== undefined) {
    stream?.close();
    return fault;
  }
  const begun = await stream?.waitFor(() => stream.clientId !== "" || stream.encoding !== "", beginMs);
  const tookMs = performance.now() - startedAt;
  if (stream !== undefined && begun && tookMs - usualMs <= lateMs) return stream;
  stream?.close();
  const came = answer === undefined ? "a GET had no stream" : `PB_CONNECT ${begun ? "came" : "had not come"}`;
  return mendable("buffering", `held back: a HEAD was answered at once, ${came} after ${inSeconds(tookMs)}`);
}

/** Whether a frame comes when it is sent. */
export function delayFinding(sent: Nudge): Finding {
  switch (sent.outcome) {
    case "came": {
      if (sent.lateMs <= lateMs) return found("buffering", "good", "an event came as it was sent");
      return mendable("buffering", `held back: an event came ${inSeconds(sent.lateMs)} late`);
    }
    case "missing": {
      const says = `held back: an event had not come ${inSeconds(sent.waitedMs)} after it was sent`;
      return mendable("buffering", says);
    }
    case "not-sent": {
      const says = "PB_CONNECT came at once; more is known where /api/oauth2-redirect leads to the nodes too";
      return found("buffering", "note", says);
    }
  }
}

/** Watches a stream on which nothing happens but heartbeats. */
export async function watchQuiet(target: ProbeTarget, stream: ProbeStream, watch: Watch): Promise<Finding> {
  const endsAt = performance.now() + watch.seconds * 1000;
  for (let second = 1; second <= watch.seconds && !stream.ended; second++) {
    await stream.waitFor(() => false, endsAt - (watch.seconds - second) * 1000 - performance.now());
    watch.onSecond(second);
    if (second % nudgeEverySeconds === 0) await nudge(target, stream);
  }
  if (stream.ended) return cutFinding(target, stream);
  const age = inSeconds(stream.ageMs);
  const silence = inSeconds(Math.max(stream.longestGapMs, stream.silenceMs));
  const last = await nudge(target, stream);
  if (last.outcome !== "missing")
    return found("silence", "good", `open after ${age}, silent for ${silence} at most`);
  if (stream.ended) return cutFinding(target, stream);
  const says = `cut without a word: the stream seems open, and an event after ${age} does not come`;
  return mendable("silence", says, silenceOf(stream));
}

/** How long a stream may have to be silent: three times as long as it was. */
function silenceOf({ longestGapMs }: ProbeStream): number {
  return Math.max(leastSilenceSeconds, Math.ceil((3 * longestGapMs) / 1000));
}

async function cutFinding(target: ProbeTarget, stream: ProbeStream): Promise<Finding> {
  const { ageMs, silenceMs } = stream;
  const age = inSeconds(ageMs);
  if (stream.endedInOrder) {
    const says = `ended in order after ${age}, as nodes do (IDLE_SECONDS, STREAM_SECONDS, a drain): if none of these, look at the proxy`;
    return found("silence", "note", says);
  }
  // what bears no silence of that length has borne a longer one
  if (silenceMs < stream.longestGapMs || (await isCutWhenBusy(target, { ageMs, silenceMs }))) {
    const says = `cut after ${age}, however busy: a limit for whole responses, which must be off or above STREAM_SECONDS`;
    return mendable("age", says);
  }
  const heartbeat = Math.round(silenceMs / 3000);
  const orElse = heartbeat > 0 ? `, or HEARTBEAT_SECONDS be ${heartbeat}` : "";
  const says = `cut after ${inSeconds(silenceMs)} of silence: that must be above HEARTBEAT_SECONDS (20 by default), best three times that${orElse}`;
  return mendable("silence", says, silenceOf(stream));
}

/** Whether a stream that is never silent for long ends at about the same age. */
async function isCutWhenBusy(
  target: ProbeTarget,
  { ageMs, silenceMs }: { readonly ageMs: number; readonly silenceMs: number },
): Promise<boolean> {
  if (ageMs > busyLimitMs) return false;
  const stream = await beginStream(target, "identity", beginMs);
  if (!(stream instanceof ProbeStream)) return false;
  try {
    while (!stream.ended && stream.ageMs < ageMs * 1.25 + 1000) {
      if ((await nudge(target, stream)).outcome === "not-sent") break;
      await delay(Math.min(ageMs / 5, 5_000));
    }
    return stream.ended && !stream.endedInOrder && stream.silenceMs < silenceMs * 0.8;
  } finally {
    stream.close();
  }
}
