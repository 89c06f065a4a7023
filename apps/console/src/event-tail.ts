import { signal } from "@preact/signals";
import type { EventReport, EventsReport, WithheldReport } from "@sluice/protocol";

/** One event, and what each node did with it. */
export interface TailEvent {
  /** Its place in the tail. */
  readonly number: number;
  /** What the first node said of it; `delivered` and `withheld` are that node's alone. */
  readonly report: EventReport;
  readonly nodes: ReadonlyMap<string, EventReport>;
}

/** How many events are kept. */
const maxEvents = 300;

/** The latest events, newest first. */
export class EventTail {
  readonly events = signal<readonly TailEvent[]>([]);
  #number = 0;

  /** Adds what a node did with its latest events to what others did with the same. */
  take({ node, events }: EventsReport): void {
    for (const report of events) {
      const { value: all } = this.events;
      // a message that is sent twice has the same key twice
      const index = all.findIndex(({ report: { key }, nodes }) => key === report.key && !nodes.has(node));
      const known = all[index];
      const event = known ?? { number: ++this.#number, report, nodes: new Map() };
      const joined = { ...event, nodes: new Map(event.nodes).set(node, report) };
      this.events.value = known ? all.with(index, joined) : [joined, ...all].slice(0, maxEvents);
    }
  }
}

/** How many subscriptions of all nodes were sent an event. */
export function deliveredOf({ nodes }: TailEvent): number {
  return [...nodes.values()].reduce((sum, { delivered }) => sum + delivered, 0);
}

/** Subscriptions that were not sent an event for one reason: how many on all nodes, and on each in words. */
type Withheld = Readonly<{ why: WithheldReport; total: number; shares: string }>;

/** Why subscriptions were not sent an event. */
export function withheldOf({ nodes }: TailEvent): readonly Withheld[] {
  const all = [...nodes].flatMap(([node, { withheld }]) => withheld.map((why) => ({ node, why })));
  const groups = Map.groupBy(all, ({ why: { reason, topic, text } }) => `${reason} ${topic} ${text}`);
  return [...groups.values()].flatMap((group) => {
    const total = group.reduce((sum, { why }) => sum + why.subscribers, 0);
    const shares = group.map(({ node, why }) => `${node} ${why.subscribers}`).join(", ");
    return group.slice(0, 1).map(({ why }) => ({ why, total, shares }));
  });
}
