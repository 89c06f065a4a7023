import type { Handed } from "./handing.ts";
import type { Evidence } from "./judge.ts";
import type { WrittenEvent } from "./written-event.ts";

/** What stock SDKs may be sent again: what was written so long before their stream ended, or later. */
const repeatableMs = 2_000;

/** How long a node may need to find Redis again that is back. */
const reconnectMs = 1_500;

/** Clocks of different processes, and a node's view of its own place. */
const slackMs = 250;

/**
 * Why an event that was handed to a subscription again must not have been.
 * @returns nothing where it may: to a stock SDK, what was written in the last 2 s before its stream ended; time in which
 * Redis was away or a node stood still does not count, since nothing can be noted down then
 */
export function judgeRepeat(
  { plan, timeline, journal }: Evidence,
  handed: Handed,
  event: WrittenEvent,
): string | undefined {
  if (plan.kind !== "stock") return "again";
  const before = timeline.slice(0, handed.index);
  const live = before.findLastIndex(
    ({ type }, index) => type === "live" && before.slice(index).some((mark) => mark.type === "end"),
  );
  const end = live < 0 ? undefined : before.slice(live).find(({ type }) => type === "end");
  if (end === undefined) return "again, without an end of its stream";
  let sinceMs = end.atMs - repeatableMs - slackMs;
  for (const away of journal.standstills.toReversed()) {
    if (away.fromMs > end.atMs || away.toMs + reconnectMs < sinceMs) continue;
    sinceMs = Math.min(sinceMs, away.fromMs - repeatableMs - slackMs);
  }
  if (event.begunMs >= sinceMs) return undefined;
  return `again, written ${end.atMs - event.begunMs} ms before its stream ended`;
}
