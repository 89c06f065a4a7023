import { waitUntil } from "../harness/wait-until.ts";
import type { ChaosStage } from "./chaos-stage.ts";
import type { ClientPlan } from "./client-plan.ts";
import { judge, type Verdict } from "./judge.ts";
import type { Mark } from "./mark.ts";
import { allContents, sees, type WrittenEvent } from "./written-event.ts";

/** How long all clients may take to be connected again when everything is healed. */
const connectMs = 40_000;

/** How long the last events may take. */
const lastEventsMs = 15_000;

/**
 * Waits until everybody is there again and has had what is written for them behind everything else, and judges them.
 * @returns a verdict for each client, by their numbers
 */
export async function settle(stage: ChaosStage): Promise<readonly Verdict[]> {
  const { crowds, clients, journal, writers } = stage;
  let missing = crowds.absent();
  await within(connectMs, () => (missing = crowds.absent()).length === 0);
  await writers.stop();
  // who was there may be away for a moment again: nodes shed streams
  const absent = new Set(missing.map(({ number }) => number));
  if (absent.size > 0) journal.note(`still not connected: ${[...absent].join(", ")}`);
  const last: WrittenEvent[] = [];
  for (const content of allContents()) last.push(await writers.writeSurely(content));
  await within(lastEventsMs, () =>
    clients.every((plan) => hasAll(plan, last, crowds.timelines[plan.number] ?? [])),
  );
  crowds.check();
  journal.note("the end");
  return verdictsOf(stage, absent);
}

/** Whether a client was handed all that it may see of the last events. */
function hasAll(
  { viewer, subscriptions }: ClientPlan,
  last: readonly WrittenEvent[],
  timeline: readonly Mark[],
): boolean {
  const first = last[0]?.serial ?? 0;
  const handed = new Set<string>();
  for (let index = timeline.length - 1; index >= 0; index--) {
    const mark = timeline[index];
    if (mark?.type !== "event") continue;
    if (mark.serial < first) break;
    handed.add(`${mark.subscription}/${mark.serial}`);
  }
  return last.every(({ serial, content }) =>
    subscriptions.every((name, index) => !sees(viewer, name, content) || handed.has(`${index}/${serial}`)),
  );
}

/** Waits for something that may not come: what is missing then is for the judge. */
async function within(limitMs: number, holds: () => boolean): Promise<void> {
  await waitUntil(holds, "", limitMs).catch(() => undefined);
}

function verdictsOf(
  { clients, crowds, balancer, journal, writers: { events } }: ChaosStage,
  absent: ReadonlySet<number>,
): readonly Verdict[] {
  const streams = Map.groupBy(balancer.streams, ({ client }) => client);
  return clients.map((plan) => {
    const { tally, offences } = judge({
      plan,
      timeline: crowds.timelines[plan.number] ?? [],
      streams: streams.get(plan.number) ?? [],
      events,
      journal,
      alike: clients
        .filter((other) => isAlike(plan, other))
        .map(({ number }) => crowds.timelines[number] ?? []),
    });
    if (!absent.has(plan.number)) return { tally, offences };
    const offence = { what: "absent", client: plan.number, atMs: Date.now(), text: "at the end" } as const;
    return { tally: { ...tally, absent: 1 }, offences: [...offences, offence] };
  });
}

function isAlike(plan: ClientPlan, other: ClientPlan): boolean {
  if (other.number === plan.number || other.kind !== plan.kind || other.viewer !== plan.viewer) return false;
  const [own, others] = [new Set(plan.subscriptions), new Set(other.subscriptions)];
  return own.size === others.size && [...own].every((subscription) => others.has(subscription));
}
