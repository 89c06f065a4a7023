import { readEvent } from "@sluice/protocol";
import { gateway } from "./session.ts";

const hello = { id: "p1", title: "Hello", published: true, score: 1 };
const again = { id: "p1", title: "Hello again", published: false, score: 2 };

/** Events to begin with. */
export const templates: Readonly<Record<string, unknown>> = {
  "Create a post": { collection: "posts", action: "create", record: hello },
  "Update a post": { collection: "posts", action: "update", record: again, before: hello },
  "Delete a post": { collection: "posts", action: "delete", record: again },
  "Send a message": { topic: "news", data: { text: "Hello" } },
};

/**
 * Reads an event, or an array of them, as the gateway would.
 * @throws {SyntaxError} with what was expected and what came
 */
export function readDraft(text: string): unknown {
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
