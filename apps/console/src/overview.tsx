import type { JSX } from "preact";
import { type NodeView, silentAfterMs } from "./cluster.ts";
import { formatAge, formatBytes, formatCount, formatInteger, formatMs, formatNumber } from "./format.ts";
import { link, nodes, now, topics } from "./live-cluster.ts";
import { Plot } from "./plot.tsx";
import { type Row, Table } from "./card.tsx";

const nodeColumns = ["Node", "State", "#Streams", "#Subscriptions", "#Loop lag", "#CPU", "#Memory"];
const topicColumns = ["Topic", "#Events", "#Deliveries", "#Deliveries per event"];

/** All nodes together, and each. */
export function Overview(): JSX.Element {
  const streams = nodes.value.reduce((sum, { report }) => sum + report.streams, 0);
  const isNew = link.value === "connecting";
  return (
    <>
      <div class="columns">
        <Plot title="Events per second" quantities={["events"]} format={formatCount} />
        <Plot title="Deliveries per second" quantities={["deliveries"]} format={formatCount} />
        <Plot title="Denials per second" quantities={["denials"]} format={formatCount} />
        <Plot title="Publish to delivery" quantities={["p50", "p95", "p99"]} format={formatMs} />
      </div>
      <Table
        title="Nodes"
        note={`${formatNumber(nodes.value.length, "node")}, ${formatNumber(streams, "stream")}`}
        columns={[...nodeColumns, "Log position", "#Lag", "Version", "#Up"]}
        rows={nodes.value.map(nodeRow)}
        empty={isNew ? "Waiting for the first report…" : "No node was heard for half a minute."}
      />
      <Table
        title="Busiest topics"
        note="last minute"
        columns={topicColumns}
        rows={topics.value.map(({ topic, events, deliveries }) => ({
          key: topic,
          cells: [
            <code>{topic}</code>,
            formatInteger(events),
            formatInteger(deliveries),
            formatCount(deliveries / Math.max(1, events)),
          ],
        }))}
        empty="No events in the last minute."
      />
    </>
  );
}

function nodeRow({ report, heardMs }: NodeView): Row {
  const quietMs = performance.now() - heardMs;
  const state = quietMs > silentAfterMs ? "silent" : report.state;
  return {
    key: report.node,
    cells: [
      <code>{report.node}</code>,
      <span class={`state ${state}`}>{state === "silent" ? `silent for ${formatAge(quietMs)}` : state}</span>,
      `${formatInteger(report.streams)} of ${formatInteger(report.maxStreams)}`,
      formatInteger(report.subscriptions),
      formatMs(report.loopLagMs),
      `${Math.round(report.cpu * 100)} %`,
      formatBytes(report.memoryBytes),
      <code>{report.position}</code>,
      report.lagMs === null ? "–" : formatMs(report.lagMs),
      report.version,
      formatAge(now.value - report.startedAt),
    ],
  };
}
