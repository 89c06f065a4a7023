import type { StreamRecord } from "./balancer.ts";
import { placeOf } from "./cursor.ts";
import type { Evidence, Protocol } from "./judge.ts";
import type { LogLoss } from "./journal.ts";

/** By the clocks of different processes. */
const slackMs = 250;

/**
 * Judges what a client was told about the cursors that it offered. Refused may be a cursor that is gone from the log, and
 * what is no cursor. Granted may be none that was gone for certain: one that was trimmed may still be in a node's memory.
 */
export function judgeResumes(evidence: Evidence, { tally, offend }: Protocol): void {
  const { timeline, streams, journal } = evidence;
  for (const mark of timeline) {
    if (mark.type !== "resume") continue;
    tally[mark.resumed ? "granted" : "refused"] += 1;
    const stream = streams.findLast(({ openedMs, status }) => status === 200 && openedMs <= mark.atMs);
    const offered = stream?.offered ?? "";
    const lost = lossOf(offered, journal.losses, mark.atMs);
    if (!mark.resumed && lost === undefined) {
      offend("falselyRefused", mark.atMs, `${offered} on node ${stream?.node}`);
    }
    if (
      mark.resumed &&
      lost !== undefined &&
      lost.kind !== "trimmed" &&
      lost.toMs <= (stream?.openedMs ?? 0)
    ) {
      offend("falselyGranted", mark.atMs, `${offered} on node ${stream?.node}, of ${mark.replayed} events`);
    }
  }
  for (const stream of streams) {
    if (isUntold(stream, evidence))
      offend("untold", stream.openedMs, `${stream.offered} on node ${stream.node}`);
  }
}

/** Whether entries are gone with which a cursor went. */
function lossOf(cursor: string, losses: readonly LogLoss[], atMs: number): LogLoss | undefined {
  const place = placeOf(cursor);
  if (place === undefined) return undefined;
  return losses.find(({ above, below, fromMs }) => place > above && place < below && fromMs <= atMs);
}

/** Before it is told about its cursor a client is handed only what it missed, and nothing live. */
function isUntold(
  { offered, status, openedMs, endedMs, endedBy }: StreamRecord,
  { timeline, events }: Evidence,
): boolean {
  if (offered === "" || status !== 200) return false;
  const untilMs = endedBy === undefined ? Number.POSITIVE_INFINITY : endedMs;
  const during = timeline.filter(({ atMs }) => atMs >= openedMs && atMs <= untilMs);
  const live = during.find(({ type }) => type === "live");
  if (live === undefined || during.some(({ type }) => type === "resume")) return false;
  return during.some(
    (mark) => mark.type === "event" && (events[mark.serial]?.begunMs ?? 0) > live.atMs + slackMs,
  );
}
