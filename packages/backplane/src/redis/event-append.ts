import { appendArguments, appendScript, type LoggedEvent } from "@sluice/protocol";
import type { Redis } from "ioredis";
import { Script } from "./script.ts";

const appendEventsScript = new Script<readonly string[]>({ text: appendScript });

/** See `Backplane.append`. */
export async function appendEvents(
  redis: Redis,
  keyPrefix: string,
  events: readonly LoggedEvent[],
): Promise<readonly string[]> {
  if (events.length === 0) return [];
  const { keys, args } = appendArguments(keyPrefix, events);
  return appendEventsScript.run(redis, keys, args);
}
