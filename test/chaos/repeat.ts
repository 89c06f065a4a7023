import type { Handed } from "./handing.ts";
import type { Evidence } from "./judge.ts";
import type { Mark } from "./mark.ts";
import type { WrittenEvent } from "./written-event.ts";

/** What stock SDKs may be sent again: what was written so long before their stream ended, or later. */
const repeatableMs = 2_000;

/** How long an orphan can be adopted, by the nodes' default. */
const orphanMs = 60_000;

/** How long a node may need to find Redis again that is back. */
const reconnectMs = 1_500;

/** Clocks of different processes, and a node's view of its own place. */
const slackMs = 250;

/** Whose end of a stream explains that an event came again: the client's own, or that of one which is like it. */
export type RepeatCause = "own" | "alike" | "none";

/**
 * Finds out why an event was handed to a subscription again. A stock SDK may be sent again what was written in the last
 * 2 s before a stream ended that can still be adopted: one of its own, or of another one with the same identity and
 * subscriptions, since a node cannot tell the two apart. Time in which Redis was away or a node stood still does not
 * count, since nothing can be noted down then. What came first on a stream that the SDK gave up again, since its POST
 * failed, comes again too.
 * @param first when it was handed to the subscription first
 */
export function causeOfRepeat(
  evidence: Evidence,
  { first, handed, event }: { readonly first: Handed; readonly handed: Handed; readonly event: WrittenEvent },
): RepeatCause {
  const { plan, timeline, alike } = evidence;
  if (plan.kind !== "stock") return "none";
  if (!wasLive(first, timeline)) return "own";
  const explains = (marks: readonly Mark[], isOwn: boolean): boolean =>
    marks.some((mark, index) => {
      if (mark.type !== "end" || mark.atMs > handed.atMs || mark.atMs < handed.atMs - orphanMs) return false;
      if (isOwn && event.begunMs > mark.atMs + slackMs) return false;
      return isStreamEnd(marks, index) && isSince(mark, event, evidence);
    });
  if (explains(timeline, true)) return "own";
  // what came behind the other's end, the other has not had: whoever takes its place is sent that too
  return alike.some((marks) => explains(marks, false)) ? "alike" : "none";
}

/** Whether a mark begins or ends a stream, or says that it is live. */
function isTurn({ type }: Mark): boolean {
  return type === "stream" || type === "live" || type === "end";
}

/** Whether something was handed on a stream whose POST was answered. */
function wasLive({ index }: Handed, timeline: readonly Mark[]): boolean {
  const before = timeline.slice(0, index).findLast(isTurn);
  return before?.type === "live" || timeline.slice(index).find(isTurn)?.type === "live";
}

/** Whether a mark ends what was live, and not an attempt. */
function isStreamEnd(marks: readonly Mark[], index: number): boolean {
  const before = marks.slice(0, index).findLast(({ type }) => type === "live" || type === "end");
  return before?.type === "live";
}

/** Whether an event was written in the last 2 s before an end, or behind it. */
function isSince(end: Mark, event: WrittenEvent, { journal }: Evidence): boolean {
  let sinceMs = end.atMs - repeatableMs - slackMs;
  for (const away of journal.standstills.toReversed()) {
    if (away.fromMs > end.atMs || away.toMs + reconnectMs < sinceMs) continue;
    sinceMs = Math.min(sinceMs, away.fromMs - repeatableMs - slackMs);
  }
  return event.begunMs >= sinceMs;
}
