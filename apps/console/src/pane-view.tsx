import type { ExplanationReport } from "@sluice/protocol";
import type { JSX, TargetedSubmitEvent } from "preact";
import { useEffect } from "preact/hooks";
import { formText } from "./form-text.ts";
import { formatClock } from "./format.ts";
import type { Pane, PaneEntry } from "./pane.ts";
import { describeReason } from "./reasons.ts";
import { RuleText } from "./rule-text.tsx";

const identities = ["guest", "users/u1", "users/u2", "users/u3", "superuser"];

const states = { idle: "Idle", connecting: "Connecting", live: "Live", lost: "Coming back", cut: "Cut" };

interface PaneViewProps {
  readonly title: string;
  readonly pane: Pane;
  /** Who it is at first. */
  readonly identity: string;
}

/** One client: who it is, what it listens to, and what it has had. */
export function PaneView({ title, pane, identity }: PaneViewProps): JSX.Element {
  useEffect(() => {
    void pane.listen({ identity, topic: "posts/*", filter: "", expand: "" });
    return () => void pane.leave();
  }, []);
  const { value: state } = pane.state;
  return (
    <section class="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span class={`state ${state}`} role="status">
          {states[state]}
        </span>
        <div class="tools">
          {state === "cut" ? (
            <button onClick={() => pane.mend()}>Mend</button>
          ) : (
            <button disabled={state !== "live"} onClick={() => pane.cut()}>
              Cut
            </button>
          )}
        </div>
      </header>
      <PaneForm pane={pane} identity={identity} />
      <ol class="tail" aria-label={`What ${title} has had`} tabIndex={0}>
        {pane.entries.value.map((entry) => (
          <li key={entry.number} class="entry">
            <time class="muted">{formatClock(entry.at)}</time>
            <Entry entry={entry} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function PaneForm({ pane, identity }: Omit<PaneViewProps, "title">): JSX.Element {
  const listen = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const read = (name: string): string => formText(form, name);
    const [topic, filter, expand] = [read("topic"), read("filter"), read("expand")];
    void pane.listen({ identity: read("identity"), topic, filter, expand });
  };
  return (
    <form class="columns narrow form" onSubmit={listen}>
      <label>
        As
        <select name="identity">
          {identities.map((one) => (
            <option key={one} selected={one === identity}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <label>
        Topic <input name="topic" defaultValue="posts/*" required spellcheck={false} />
      </label>
      <label>
        Filter <input name="filter" spellcheck={false} />
      </label>
      <label>
        Expand <input name="expand" spellcheck={false} />
      </label>
      <button>Listen</button>
    </form>
  );
}

function Entry({ entry }: { readonly entry: PaneEntry }): JSX.Element {
  switch (entry.kind) {
    case "note":
      return <span class="muted">{entry.words}</span>;
    case "withheld":
      return <Withheld why={entry.why} />;
    case "received":
      return (
        <div>
          <strong class="good">Received</strong>
          {entry.rule !== undefined && <span class="muted">, let through by the {entry.rule}</span>}
          <code class="rule">{JSON.stringify(entry.data)}</code>
        </div>
      );
  }
}

function Withheld({ why }: { readonly why: ExplanationReport }): JSX.Element {
  const { outcome, topics, reason = "", rule, text, remarks = [], deciding = [] } = why;
  if (outcome === "unmatched") {
    return <span class="muted">Not subscribed: the event is for {topics?.join(", ") || "nobody"}</span>;
  }
  const reasons = text === null ? "it is for superusers only" : describeReason(reason);
  const start = deciding[0]?.start ?? remarks[0]?.position;
  const sides = deciding.flatMap(({ left, right }) => [left, right]);
  const known = sides.filter(
    ({ value, text: name }) => value !== undefined && JSON.stringify(value) !== name,
  );
  return (
    <div>
      <strong class="warn">Not delivered</strong>
      <span class="muted">
        , by the {rule}: {reasons}
      </span>
      {typeof text === "string" && <RuleText text={text} start={start} end={deciding[0]?.end} />}
      <ul class="muted">
        {remarks.map(({ message }) => (
          <li key={message}>{message}</li>
        ))}
        {known.map(({ text: name, value }) => (
          <li key={name}>
            <code>{name}</code> is <code>{JSON.stringify(value)}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
