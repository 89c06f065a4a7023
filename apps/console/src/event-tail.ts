import type { EventReport, EventsReport, WithheldReport } from "@sluice/protocol";

/** One event, and what each node did with it. */
export interface TailEvent {
  /** Its place in the tail. */
  readonly number: number;
  /** What the first node said of it; `delivered` and `withheld` are that node's alone. */
  readonly report: EventReport;
  readonly nodes: ReadonlyMap<string, EventReport>;
  /** Subscriptions of all nodes. */
  readonly delivered: number;
  readonly withheld: number;
}

/** How many events are kept. */
const maxEvents = 300;

/** The latest events, newest first. */
export class EventTail {
  #number = 0;
  #events: readonly TailEvent[] = [];

  events(): readonly TailEvent[] {
    return this.#events;
  }

  /** Adds what a node did with its latest events to what others did with the same. */
  take({ node, events }: EventsReport): void {
    for (const report of events) {
      // a message that is sent twice has the same key twice
      const index = this.#events.findIndex(
        ({ report: { key }, nodes }) => key === report.key && !nodes.has(node),
      );
      const known = this.#events[index];
      if (known === undefined)
        this.#events = [this.#begin(node, report), ...this.#events].slice(0, maxEvents);
      else this.#events = this.#events.with(index, joined(known, node, report));
    }
  }

  #begin(node: string, report: EventReport): TailEvent {
    const empty = { number: ++this.#number, report, nodes: new Map(), delivered: 0, withheld: 0 };
    return joined(empty, node, report);
  }
}

function joined(event: TailEvent, node: string, report: EventReport): TailEvent {
  const withheld = report.withheld.reduce((sum, { subscribers }) => sum + subscribers, event.withheld);
  const nodes = new Map(event.nodes).set(node, report);
  return { ...event, nodes, delivered: event.delivered + report.delivered, withheld };
}

/** Those who were not sent an event for one reason, on all nodes together and on each. */
interface Withheld {
  readonly why: WithheldReport;
  readonly total: number;
  readonly nodes: readonly (readonly [node: string, subscribers: number])[];
}

/** Why subscriptions were not sent an event. */
export function withheldOf({ nodes }: TailEvent): readonly Withheld[] {
  const all = [...nodes].flatMap(([node, { withheld }]) => withheld.map((why) => ({ node, why })));
  const groups = Map.groupBy(all, ({ why: { reason, topic, text } }) =>
    JSON.stringify([reason, topic, text]),
  );
  return [...groups.values()].flatMap((group) => {
    const counts = group.map(({ node, why }) => [node, why.subscribers] as const);
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    return group.slice(0, 1).map(({ why }) => ({ why, total, nodes: counts }));
  });
}
