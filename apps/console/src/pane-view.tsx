import { useSignal } from "@preact/signals";
import type { ExplanationReport } from "@sluice/protocol";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Card } from "./card.tsx";
import { Choice, Field } from "./field.tsx";
import { formatClock } from "./format.ts";
import type { Pane, PaneEntry } from "./pane.ts";
import { describeReason, RuleText } from "./reasons.tsx";

const identities = ["guest", "users/u1", "users/u2", "users/u3", "superuser"];

const states = { idle: "Idle", connecting: "Connecting", live: "Live", lost: "Coming back", cut: "Cut" };

interface PaneViewProps {
  readonly title: string;
  readonly pane: Pane;
  /** Who it is at first. */
  readonly as: string;
}

/** One client: who it is, what it listens to, and what it has had. */
export function PaneView({ title, pane, as }: PaneViewProps): JSX.Element {
  const identity = useSignal(as);
  const topic = useSignal("posts/*");
  const filter = useSignal("");
  const expand = useSignal("");
  const listen = (event?: Event): void => {
    event?.preventDefault();
    const options = { filter: filter.value.trim(), expand: expand.value.trim() };
    void pane.listen({ identity: identity.value, topic: topic.value.trim(), ...options });
  };
  useEffect(() => {
    listen();
    return () => void pane.leave();
  }, []);
  const state = pane.state.value;
  const switchLine = (): void => (state === "cut" ? pane.mend() : pane.cut());
  const tools = (
    <button disabled={state !== "live" && state !== "cut"} onClick={switchLine}>
      {state === "cut" ? "Mend" : "Cut"}
    </button>
  );
  return (
    <Card title={title} note={<span class={`state ${state}`}>{states[state]}</span>} tools={tools}>
      <form class="columns narrow stack" onSubmit={listen}>
        <div>
          As <Choice label={`Who ${title} is`} options={identities} chosen={identity} />
        </div>
        <Field label="Topic" text={topic} />
        <Field label="Filter" text={filter} />
        <Field label="Expand" text={expand} />
        <button disabled={state === "connecting"}>Listen</button>
      </form>
      <ol class="tail" aria-label={`What ${title} has had`} tabIndex={0}>
        {pane.entries.value.map((entry) => (
          <li key={entry.number} class="row entry">
            <time class="muted">{formatClock(entry.at)}</time>
            <Entry entry={entry} />
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Entry({ entry }: { readonly entry: PaneEntry }): JSX.Element {
  if (entry.kind === "note") return <span class="muted">{entry.words}</span>;
  if (entry.kind === "withheld") return <Withheld why={entry.why} />;
  return (
    <div>
      <strong class="good">Received</strong>
      {entry.rule !== undefined && <span class="muted">, let through by the {entry.rule}</span>}
      <code class="rule">{JSON.stringify(entry.data)}</code>
    </div>
  );
}

function Withheld({ why }: { readonly why: ExplanationReport }): JSX.Element {
  const { reason = "", rule, text, remarks = [], deciding = [] } = why;
  const words = text === null ? "it is for superusers only" : describeReason(reason);
  const facts = deciding
    .flatMap(({ left, right }) => [left, right])
    .filter((side) => side.value !== undefined && JSON.stringify(side.value) !== side.text)
    .map((side) => `${side.text} is ${JSON.stringify(side.value)}`);
  return (
    <div>
      <strong class="warn">Not delivered</strong>
      <span class="muted">{`, by the ${rule}: ${words}`}</span>
      {typeof text === "string" && (
        <RuleText text={text} start={deciding[0]?.start ?? remarks[0]?.position} end={deciding[0]?.end} />
      )}
      {[...remarks.map(({ message }) => message), ...facts].map((fact) => (
        <p key={fact} class="muted" children={fact} />
      ))}
    </div>
  );
}
