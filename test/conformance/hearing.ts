import assert from "node:assert/strict";
import { heard, namesOf, type Need, type Target } from "./target.ts";

/** What cases need that use collections beside the demo's, or claims of their own. */
export const ownNeeds: readonly Need[] = ["publish", "signing", "collections"];

/** A topic with options, as the JavaScript SDK writes them. */
export function withOptions(topic: string, options: unknown): string {
  return `${topic}?options=${encodeURIComponent(JSON.stringify(options))}`;
}

/** A topic with a filter, and with more options beside it. */
export function filtered(
  topic: string,
  filter: string,
  more: Readonly<Record<string, unknown>> = {},
): string {
  return withOptions(topic, { query: { ...more, filter } });
}

/** An update of a record of `notes`, visible to everybody where it is public. */
export function note(more: Readonly<Record<string, unknown>>, before?: unknown): unknown {
  return {
    collection: "notes",
    action: "update",
    record: { id: "n1", owner: "ann", text: "a b", ...more },
    before,
  };
}

/** Subscriptions of one stream, by whether they hear of the one event. */
export interface Hearing {
  readonly pass: readonly string[];
  readonly fail: readonly string[];
  readonly event: unknown;
  readonly token?: string;
}

/** Checks which subscriptions hear of an event, each once. */
export async function assertHeard(target: Target, { pass, fail, event, token = "" }: Hearing): Promise<void> {
  const frames = await heard(target, { subscriptions: [...pass, ...fail], events: [event], token });
  assert.deepEqual(new Set(namesOf(frames)), new Set(pass));
  assert.equal(frames.length, pass.length);
}

/** The data line that one subscriber hears of one event under each of some subscriptions. */
export async function dataHeard(
  target: Target,
  subscriptions: readonly string[],
  { event, token = "" }: { readonly event: unknown; readonly token?: string },
): Promise<Readonly<Record<string, string | undefined>>> {
  const frames = await heard(target, { subscriptions, events: [event], token });
  assert.equal(frames.length, new Set(namesOf(frames)).size, "each subscription is heard once");
  return Object.fromEntries(frames.map(({ event: name, data }) => [name, data]));
}

/** Signs a token of an auth record of any collection. */
export async function tokenOf({ sign }: Target, id: string, collectionId: string): Promise<string> {
  return (await sign?.(id, { collectionId })) ?? "";
}
