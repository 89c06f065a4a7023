import { useSignal, useSignalEffect } from "@preact/signals";
import { readEvent } from "@sluice/protocol";
import type { JSX } from "preact";
import { Card } from "./card.tsx";
import { Choice, Field } from "./field.tsx";
import { describeError, gateway } from "./session.ts";

const hello = { id: "p1", title: "Hello", published: true, score: 1 };
const again = { id: "p1", title: "Hello again", published: false, score: 2 };

/** Events to begin with. */
const templates: Readonly<Record<string, unknown>> = {
  "Create a post": { collection: "posts", action: "create", record: hello },
  "Update a post": { collection: "posts", action: "update", record: again, before: hello },
  "Delete a post": { collection: "posts", action: "delete", record: again },
  "Send a message": { topic: "news", data: { text: "Hello" } },
};

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
      <form class="stack" onSubmit={(event) => void send(event)}>
        <Field label="Event as JSON" rows={11} text={text} error={error.value} />
        <div class="row">
          <button class="primary">{action}</button>
          <span role="status">{answer.value}</span>
        </div>
      </form>
    </Card>
  );
}

/**
 * Reads an event, or an array of them, as the gateway would.
 * @throws {SyntaxError} with what was expected and what came
 */
function readDraft(text: string): unknown {
  const value: unknown = JSON.parse(text);
  for (const event of Array.isArray(value) ? value : [value]) {
    const read = readEvent(event);
    if ("malformed" in read) throw new SyntaxError(read.malformed);
  }
  return value;
}

/** Publishes what {@link readDraft} has read; returns in words where it is. */
export async function publish(body: unknown): Promise<string> {
  const { ids } = await gateway.send<{ ids: string[] }>("/api/realtime/publish", { method: "POST", body });
  return `In the log as ${ids.join(", ")}`;
}
