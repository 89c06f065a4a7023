import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { readDraft, templates, templateText } from "./event-draft.ts";
import { describeError } from "./session.ts";

interface DraftFormProps {
  readonly title: string;
  readonly action: string;
  /** Does what is to be done with a good event; returns what to say then. */
  readonly onSend: (event: unknown) => Promise<string>;
}

/** A form for one event, or an array of them: it is read as the gateway would before it is sent. */
export function DraftForm({ title, action, onSend }: DraftFormProps): JSX.Element {
  const text = useSignal(templateText("Create a post"));
  const error = useSignal("");
  const answer = useSignal("");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    error.value = answer.value = "";
    try {
      answer.value = await onSend(readDraft(text.value));
    } catch (failure) {
      error.value = failure instanceof SyntaxError ? failure.message : describeError(failure);
    }
  };
  return (
    <form class="card form" onSubmit={(event) => void send(event)}>
      <header>
        <h2>{title}</h2>
        <select
          aria-label="Begin with"
          onChange={({ currentTarget }) => (text.value = templateText(currentTarget.value))}>
          {Object.keys(templates).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </header>
      <textarea
        aria-label="Event as JSON"
        aria-invalid={error.value !== ""}
        aria-describedby="draft-error"
        rows={11}
        spellcheck={false}
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
      />
      <p class="bad" id="draft-error" role="alert">
        {error.value}
      </p>
      <div class="actions">
        <button class="primary">{action}</button>
        <span role="status">{answer.value}</span>
      </div>
    </form>
  );
}
