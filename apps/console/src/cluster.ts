import { signal } from "@preact/signals";
import type { DelayQuantiles, NodeReport, TopicCounts } from "@sluice/protocol";

/** Events, deliveries and denials per second. */
type Rates = Pick<NodeReport, "events" | "deliveries" | "denials">;

/** A node as it was last heard. */
export interface NodeView {
  readonly report: NodeReport;
  readonly heardMs: number;
  /** Its reports since the sample before. */
  readonly unsampled: readonly NodeReport[];
  readonly rates: Rates;
}

/** What all nodes did in one second; null where it is not known. */
export interface Sample extends Readonly<Record<keyof Rates | keyof DelayQuantiles, number | null>> {
  /** Unix milliseconds. */
  readonly at: number;
}

/** After this a node that says nothing is shown as silent. */
export const silentAfterMs = 3_500;

/** After this it is not shown any more. */
const goneAfterMs = 30_000;

/** How far the samples reach back. */
const sampledSeconds = 300;

/** Over how long topics are counted. */
const topicsMs = 60_000;

const nothing: Rates = { events: 0, deliveries: 0, denials: 0 };
const unknown = { events: null, deliveries: null, denials: null, p50: null, p95: null, p99: null };

/** What the nodes tell: each as it is, five minutes of samples, and one minute of topics. */
export class Cluster {
  /** All nodes, by name. */
  readonly nodes = signal<readonly NodeView[]>([]);
  readonly samples = signal<readonly Sample[]>([]);
  /** The busiest topics of the last minute. */
  readonly topics = signal<readonly TopicCounts[]>([]);
  #reports: readonly { readonly report: NodeReport; readonly heardMs: number }[] = [];

  /** Takes what a node says of itself. */
  take(report: NodeReport, heardMs: number): void {
    const known = this.nodes.value.find((node) => node.report.node === report.node);
    const unsampled = [...(known?.unsampled ?? []), report];
    const node = { report, heardMs, unsampled, rates: known?.rates ?? nothing };
    this.nodes.value = [...this.nodes.value.filter((other) => other !== known), node].toSorted((one, other) =>
      one.report.node.localeCompare(other.report.node),
    );
    if (report.topics.length > 0) this.#reports = [...this.#reports, { report, heardMs }];
  }

  /** Adds what happened since the sample before, and forgets what is too old. */
  sample(nowMs: number, at: number): void {
    this.#reports = this.#reports.filter(({ heardMs }) => nowMs - heardMs < topicsMs);
    this.topics.value = this.#busiest();
    this.nodes.value = this.nodes.value
      .filter(({ heardMs }) => nowMs - heardMs < goneAfterMs)
      .map((node) => ({ report: node.report, heardMs: node.heardMs, unsampled: [], rates: ratesOf(node) }));
    const heard = this.nodes.value.filter(({ heardMs }) => nowMs - heardMs < silentAfterMs);
    const sample = heard.length === 0 ? { at, ...unknown } : { at, ...totalOf(heard) };
    this.samples.value = [...this.samples.value, sample].slice(-sampledSeconds);
  }

  #busiest(): readonly TopicCounts[] {
    const counts = new Map<string, { deliveries: number; events: Map<string, number> }>();
    for (const { report } of this.#reports) {
      for (const { topic, events, deliveries } of report.topics) {
        const count = counts.get(topic) ?? { deliveries: 0, events: new Map() };
        count.deliveries += deliveries;
        count.events.set(report.node, (count.events.get(report.node) ?? 0) + events);
        counts.set(topic, count);
      }
    }
    return [...counts]
      .map(([topic, { deliveries, events }]) => ({ topic, deliveries, events: Math.max(...events.values()) }))
      .toSorted((one, other) => other.events - one.events || one.topic.localeCompare(other.topic))
      .slice(0, 10);
  }
}

/** Two reports between two samples are one of two seconds; none leaves the rates as they were. */
function ratesOf({ unsampled, rates }: NodeView): Rates {
  if (unsampled.length === 0) return rates;
  const mean = (kind: keyof Rates): number =>
    unsampled.reduce((sum, report) => sum + report[kind], 0) / unsampled.length;
  return { events: mean("events"), deliveries: mean("deliveries"), denials: mean("denials") };
}

/** Every node has every event, so events are those of the node that had most; the slowest node's delays count. */
function totalOf(nodes: readonly NodeView[]): Omit<Sample, "at"> {
  const sum = (kind: keyof Rates): number => nodes.reduce((total, { rates }) => total + rates[kind], 0);
  const delays = nodes.flatMap(({ report: { delayMs } }) => (delayMs === null ? [] : [delayMs]));
  const worst = (quantile: keyof DelayQuantiles): number | null =>
    delays.length === 0 ? null : Math.max(...delays.map((delay) => delay[quantile]));
  const events = Math.max(...nodes.map(({ rates }) => rates.events));
  const delayMs = { p50: worst("p50"), p95: worst("p95"), p99: worst("p99") };
  return { events, deliveries: sum("deliveries"), denials: sum("denials"), ...delayMs };
}
