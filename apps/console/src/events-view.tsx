import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Card } from "./card.tsx";
import { DraftForm, publish } from "./draft-form.tsx";
import { deliveredOf, type TailEvent, withheldOf } from "./event-tail.ts";
import { Field } from "./field.tsx";
import { formatClock, formatInteger, formatNumber } from "./format.ts";
import { events, nodes } from "./live-cluster.ts";
import { describeReason } from "./reasons.tsx";

/** How many events are shown. */
const maxShown = 100;

/** Events as they are dispatched, and who was sent them; and a form to publish some. */
export function EventsView(): JSX.Element {
  const held = useSignal<readonly TailEvent[] | undefined>(undefined);
  const topic = useSignal("");
  const all = held.value ?? events.value;
  const shown = all.filter(({ report }) => report.topic.toLowerCase().includes(topic.value.toLowerCase()));
  const newer = (events.value[0]?.number ?? 0) - (all[0]?.number ?? 0);
  const skipped = Math.max(0, ...nodes.value.map(({ report }) => report.skippedEvents));
  const pause = (): void => void (held.value = held.value === undefined ? events.value : undefined);
  const tools = (
    <>
      <Field label="Filter by topic" text={topic} />
      <button aria-pressed={held.value !== undefined} onClick={pause} children="Pause" />
    </>
  );
  const note = held.value === undefined ? "newest first" : `paused, ${newer} new`;
  const empty = all.length === 0 ? "No events yet. Publish one here, or by XADD." : "No such topic of late.";
  return (
    <div class="columns events">
      <Card title="Live events" note={note} tools={tools}>
        {skipped > 0 && <p class="notice warn">Too many to show: {skipped} a second are left out.</p>}
        {shown.length === 0 && <p class="notice muted">{empty}</p>}
        <ol class="tail">
          {shown.slice(0, maxShown).map((event) => (
            <EventRow key={event.number} event={event} />
          ))}
        </ol>
      </Card>
      <DraftForm title="Publish an event" action="Publish" onSend={publish} />
    </div>
  );
}

function EventRow({ event }: { readonly event: TailEvent }): JSX.Element {
  const { report, nodes: shares } = event;
  const delivered = deliveredOf(event);
  const reasons = withheldOf(event);
  const withheld = reasons.reduce((sum, { total }) => sum + total, 0);
  const place = report.cursor === undefined ? "not in the log" : `at ${report.cursor}`;
  return (
    <li>
      <details>
        <summary>
          <time>{formatClock(report.at)}</time>
          <span class="action muted">{report.action ?? "message"}</span>
          <code>{[report.topic, report.recordId].filter(Boolean).join("/")}</code>
          <span class="tools">
            <span class={delivered > 0 ? "good" : "muted"}>{formatInteger(delivered)} delivered</span>
            {withheld > 0 && <span class="warn">{formatInteger(withheld)} withheld</span>}
          </span>
        </summary>
        <ul class="stack">
          <li>
            <strong>{formatNumber(delivered, "subscription")}</strong> had it:{" "}
            {[...shares].map(([node, share]) => `${node} ${share.delivered}`).join(", ")}
          </li>
          {reasons.map(({ why, total, shares: counts }, index) => (
            <li key={index}>
              <strong>{formatNumber(total, "subscription")}</strong> of <code>{why.topic}</code> had not:{" "}
              {counts}; {[describeReason(why.reason), why.detail].filter(Boolean).join(": ")}
              {why.text !== undefined && <code class="rule">{why.text}</code>}
            </li>
          ))}
          <li class="muted">{`By the ${report.door} door, ${place}`}</li>
        </ul>
      </details>
    </li>
  );
}
