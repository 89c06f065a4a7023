import type { Handed, Handing } from "./handing.ts";
import type { Evidence } from "./judge.ts";
import type { Mark } from "./mark.ts";
import { subjectOf, type WrittenEvent } from "./written-event.ts";

/** Events are on their way for so long at most, by the clocks of different processes. */
const slackMs = 250;

/** An event that one subscription was owed and not handed. */
export interface Missing {
  readonly event: WrittenEvent;
  readonly place: number;
  readonly subscription: number;
}

export type Excuse = "refused" | "conflated" | "network" | "log" | "given-up";

/**
 * Why an event that is missing is not lost.
 *
 * Any client may have been told, between what it was handed right before and right behind: by `{"resumed":false}`, which
 * covers what was written until then, or by `@conflated`, which covers what waited then of records of which
 * a newer state was handed afterwards. Or the SDK itself had given up, as it does when its stream breaks before its first
 * POST is answered. For clients that keep a cursor that is all.
 *
 * Stock SDKs are not told anything. For them counts, between the two neighbours, what no server can make up for: the
 * network cut, held or falsified something of theirs, or the log lost entries. The end of a stream by a node and its
 * death do not count.
 */
export function excuseOf(missing: Missing, handing: Handing, evidence: Evidence): Excuse | undefined {
  const between = handing.neighbours(missing.place);
  if (isRefused(missing, between, evidence.timeline)) return "refused";
  if (isConflated(missing, handing, evidence)) return "conflated";
  if (hasGivenUp(missing, between, evidence)) return "given-up";
  return evidence.plan.kind === "stock" ? excuseOfStock(between, evidence) : undefined;
}

interface Between {
  readonly before: Handed | undefined;
  readonly behind: Handed | undefined;
}

function isBetween(index: number, { before, behind }: Between): boolean {
  return index > (before?.index ?? -1) && index < (behind?.index ?? Number.POSITIVE_INFINITY);
}

function isRefused({ event }: Missing, between: Between, timeline: readonly Mark[]): boolean {
  return timeline.some(
    (mark, index) =>
      mark.type === "resume" && !mark.resumed && isBetween(index, between) && event.begunMs <= mark.atMs,
  );
}

/** What waited for the client when it was told lies behind all that it was handed before. */
function isConflated({ event, place, subscription }: Missing, handing: Handing, evidence: Evidence): boolean {
  const subject = subjectOf(event.content);
  if (subject === undefined) return false;
  const told = evidence.timeline.findIndex(
    (mark, index) =>
      mark.type === "conflated" && event.begunMs <= mark.atMs && handing.lastPlaceBefore(index) < place,
  );
  if (told < 0) return false;
  return evidence.events.some(
    ({ serial, content }) =>
      serial > event.serial &&
      subjectOf(content) === subject &&
      (handing.first(subscription, serial)?.index ?? -1) > told,
  );
}

function excuseOfStock(
  { before, behind }: Between,
  { plan, timeline, streams, journal }: Evidence,
): Excuse | undefined {
  const fromMs = liveMs(before, timeline) - slackMs;
  const toMs = (behind?.atMs ?? Number.POSITIVE_INFINITY) + slackMs;
  const isCut = streams.some(
    ({ endedBy, endedMs }) => endedBy === "network" && endedMs >= fromMs && endedMs <= toMs,
  );
  if (isCut || journal.touches(journal.networkFaults, plan.number, fromMs, toMs)) return "network";
  return journal.touches(journal.losses, plan.number, fromMs, toMs) ? "log" : undefined;
}

/**
 * When a client was surely live last, before it was handed something: an SDK gives up a stream whose first POST fails,
 * whatever came until then.
 */
function liveMs(before: Handed | undefined, timeline: readonly Mark[]): number {
  if (before === undefined) return 0;
  const earlier = timeline.slice(0, before.index);
  const live = earlier.findLastIndex(({ type }) => type === "live");
  const isOver = earlier.slice(live + 1).some(({ type }) => type === "stream");
  if (!isOver) return before.atMs;
  return earlier.slice(live + 1).find(({ type }) => type === "end")?.atMs ?? before.atMs;
}

/** Whether an application was subscribing anew, to one after the other, when it was missed or written: the SDK had given up. */
function hasGivenUp({ event }: Missing, { before, behind }: Between, { timeline }: Evidence): boolean {
  const spans = [
    { fromMs: before?.atMs ?? 0, toMs: behind?.atMs ?? Number.POSITIVE_INFINITY },
    { fromMs: event.begunMs, toMs: event.begunMs },
  ];
  return timeline.some(({ type, atMs }, index) => {
    if (type !== "revived") return false;
    const done = timeline.slice(index).find((mark) => mark.type === "subscribed");
    const doneMs = done?.atMs ?? Number.POSITIVE_INFINITY;
    return spans.some(({ fromMs, toMs }) => atMs <= toMs + slackMs && doneMs >= fromMs - slackMs);
  });
}
