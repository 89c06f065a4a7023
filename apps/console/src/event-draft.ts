import { readEvent } from "@sluice/protocol";
import { gateway } from "./session.ts";

/** Events to begin with. */
export const templates: Readonly<Record<string, unknown>> = {
  "Create a post": {
    collection: "posts",
    action: "create",
    record: { id: "p1", title: "Hello", published: true, score: 1 },
  },
  "Update a post": {
    collection: "posts",
    action: "update",
    record: { id: "p1", title: "Hello again", published: false, score: 2 },
  },
  "Delete a post": { collection: "posts", action: "delete", record: { id: "p1", title: "Hello again" } },
  "Send a message": { topic: "news", data: { text: "Hello" } },
};

/** A template as text. */
export function templateText(name: string): string {
  return JSON.stringify(templates[name], null, 2);
}

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

/** Publishes what {@link readDraft} has read; returns the ids in the log. */
export async function publish(body: unknown): Promise<readonly string[]> {
  const answer = await gateway.send<{ ids: string[] }>("/api/realtime/publish", { method: "POST", body });
  return answer.ids;
}
