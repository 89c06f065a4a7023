import { type JSX, render } from "preact";
import { DraftForm, publish } from "./draft-form.tsx";
import { Pane } from "./pane.ts";
import { PaneView } from "./pane-view.tsx";
import { RulesForm } from "./rules-form.tsx";
import { resumeSession } from "./session.ts";
import { Shell } from "./shell.tsx";
import "./style.css";

const left = new Pane();
const right = new Pane();

function Page(): JSX.Element {
  return (
    <Shell current="Playground">
      <div class="columns wide">
        <RulesForm />
        <DraftForm title="Event" action="Send" onSend={send} />
        <PaneView title="Left" pane={left} as="users/u1" />
        <PaneView title="Right" pane={right} as="users/u2" />
      </div>
    </Shell>
  );
}

/** Explained before it is sent: rows are then as they are for the event itself. */
async function send(draft: unknown): Promise<string> {
  for (const event of Array.isArray(draft) ? draft : [draft]) {
    await Promise.all([left.explain(event), right.explain(event)]);
  }
  return publish(draft);
}

render(<Page />, document.body);
await resumeSession();
