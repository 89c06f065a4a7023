import type { StreamRecord } from "./balancer.ts";
import type { ClientPlan } from "./client-plan.ts";
import { placeOf } from "./cursor.ts";
import { excuseOf, type Missing } from "./excuse.ts";
import { type Handed, Handing } from "./handing.ts";
import type { Journal } from "./journal.ts";
import type { Mark } from "./mark.ts";
import { causeOfRepeat } from "./repeat.ts";
import { judgeResumes } from "./resume-verdict.ts";
import { emptyTally, type Offence, type Tally } from "./tally.ts";
import { sees, type WrittenEvent } from "./written-event.ts";

/** What one client is judged by. */
export interface Evidence {
  readonly plan: ClientPlan;
  readonly timeline: readonly Mark[];
  /** Its streams as the balancer saw them. */
  readonly streams: readonly StreamRecord[];
  readonly events: readonly WrittenEvent[];
  readonly journal: Journal;
  /** The timelines of others of its kind with its identity and its subscriptions. */
  readonly alike: readonly (readonly Mark[])[];
}

/** The outcome for one client. */
export interface Verdict {
  readonly tally: Tally;
  readonly offences: readonly Offence[];
}

/** A client that had just gone live may have been sent an event that was written before, by a hair's breadth. */
const liveSlackMs = 20;

/**
 * Judges one client by what the writers know and by what its listeners were handed.
 *
 * *Owed* to a subscription is every event that it may see, whose writer was answered, and which was sent to Redis after
 * the client's subscriptions were live for the first time. An event whose writer was never answered is owed to nobody:
 * it may be in the log or not. Neither is one that Redis had accepted and that was missing in the replica which was
 * promoted: no node that reads the log can know of it; who has been handed it holds a cursor that is gone, and has to be
 * refused. All else that a losing Redis takes along stays owed: whoever misses it has a cursor that is gone too, and has
 * been told so, which is the excuse.
 *
 * *Lost* is what is owed, was not handed, and is not excused; see `excuse.ts`. *Repeated* is an event that was handed to
 * the same subscription before. *Out of order* is one that lies before another which was handed earlier: over the whole
 * stream where the client sees streams, within a subscription where an SDK hands events on and keeps a cursor.
 */
export function judge(evidence: Evidence): Verdict {
  const { plan, timeline, streams } = evidence;
  const tally = {
    ...emptyTally(),
    clients: 1,
    streams: streams.filter(({ status }) => status === 200).length,
  };
  const offences: Offence[] = [];
  const offend: Offend = (what, atMs, text) => {
    tally[what] += 1;
    offences.push({ what, client: plan.number, atMs, text });
  };
  const handing = new Handing(timeline, evidence.events);
  judgeHanded(evidence, handing, { tally, offend });
  judgeMissing(evidence, handing, { tally, offend });
  judgeResumes(evidence, { tally, offend });
  for (const mark of timeline) {
    if (mark.type === "conflated") tally.conflated += mark.skipped;
    if (mark.type === "revived") tally.revived += 1;
  }
  return { tally, offences };
}

/** Counts something that must not have happened. */
type Offend = (what: Offence["what"], atMs: number, text: string) => void;

/** Where a judgement is written down. */
export interface Protocol {
  readonly tally: Tally;
  readonly offend: Offend;
}

function judgeHanded(evidence: Evidence, handing: Handing, { tally, offend }: Protocol): void {
  const { plan, events } = evidence;
  const last = new Map<number, Handed>();
  for (const handed of handing.all) {
    const event = events[handed.serial];
    const name = plan.subscriptions[handed.subscription];
    if (event === undefined || name === undefined || !sees(plan.viewer, name, event.content)) {
      offend("leaked", handed.atMs, `${name ?? "no subscription of it"}: ${describe(event)}`);
      continue;
    }
    if (handed.isRepeat) {
      tally.repeated += 1;
      const first = handing.first(handed.subscription, handed.serial) ?? handed;
      const cause = causeOfRepeat(evidence, { first, handed, event });
      if (cause === "alike") tally.repeatedOfOthers += 1;
      if (cause === "none") offend("repeatedWrongly", handed.atMs, `${name}: ${describe(event)} again`);
      continue;
    }
    if (handed.place === undefined) continue;
    const scope = plan.kind === "native" ? 0 : handed.subscription;
    const before = last.get(scope);
    // what the network took from a stock SDK may come late, when it adopts a client that is like it
    if (plan.kind !== "stock" && before?.place !== undefined && before.place > handed.place) {
      const other = describe(events[before.serial]);
      offend("outOfOrder", handed.atMs, `${name}: ${describe(event)} behind ${other}`);
    } else last.set(scope, handed);
  }
}

function judgeMissing(evidence: Evidence, handing: Handing, { tally, offend }: Protocol): void {
  const { plan, timeline, events, journal } = evidence;
  const subscribed = timeline.find(({ type }) => type === "subscribed");
  if (subscribed === undefined) return;
  const tails = journal.losses.filter(({ kind }) => kind === "tail");
  let skipped = timeline.reduce((sum, mark) => sum + (mark.type === "conflated" ? mark.skipped : 0), 0);
  const isExcused = (missing: Missing): boolean => {
    const excuse = excuseOf(missing, handing, evidence);
    // clients were told how many were left out
    return excuse === "conflated" ? skipped-- > 0 : excuse !== undefined;
  };
  for (const event of events) {
    const place = event.cursor === undefined ? undefined : placeOf(event.cursor);
    if (place === undefined || event.begunMs <= subscribed.atMs + liveSlackMs) continue;
    if (tails.some(({ above, below }) => place > above && place < below)) continue;
    for (const [subscription, name] of plan.subscriptions.entries()) {
      if (!sees(plan.viewer, name, event.content)) continue;
      tally.expected += 1;
      if (handing.has(subscription, event.serial)) tally.received += 1;
      else if (isExcused({ event, place, subscription })) tally.excused += 1;
      else offend("lost", event.begunMs, `${name}: ${describe(event)} ${handing.around(place)}`);
    }
  }
}

/** An event, for people. */
export function describe(event: WrittenEvent | undefined): string {
  if (event === undefined) return "an event that nobody wrote";
  const { serial, cursor, content } = event;
  const what =
    content.kind === "message" ? content.topic : `${content.action} of ${content.collection}/${content.id}`;
  return `event ${serial} (${what}, ${cursor ?? "never answered"})`;
}
