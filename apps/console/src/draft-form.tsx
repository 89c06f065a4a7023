import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { Card } from "./card.tsx";
import { readDraft, templates } from "./event-draft.ts";
import { Choice } from "./field.tsx";
import { describeError } from "./session.ts";

interface DraftFormProps {
  readonly title: string;
  readonly action: string;
  /** Does what is to be done with a good event; returns what to say then. */
  readonly onSend: (event: unknown) => Promise<string>;
}

/** A form for one event, or an array of them: it is read as the gateway would before it is sent. */
export function DraftForm({ title, action, onSend }: DraftFormProps): JSX.Element {
  const template = useSignal("Create a post");
  const text = useSignal("");
  const error = useSignal("");
  const answer = useSignal("");
  useSignalEffect(() => void (text.value = JSON.stringify(templates[template.value], null, 2)));
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
    <Card
      title={title}
      tools={<Choice label="Begin with" options={Object.keys(templates)} chosen={template} />}>
      <form class="form" onSubmit={(event) => void send(event)}>
        <textarea
          aria-label="Event as JSON"
          aria-invalid={error.value !== ""}
          rows={11}
          spellcheck={false}
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        />
        <p class="bad" role="alert" children={error.value} />
        <div class="actions">
          <button class="primary">{action}</button>
          <span role="status">{answer.value}</span>
        </div>
      </form>
    </Card>
  );
}
