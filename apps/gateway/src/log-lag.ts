import { setTimeout as delay } from "node:timers/promises";
import type { Backplane } from "@sluice/backplane";
import { entryMs } from "@sluice/protocol";
import type { RecentEvents } from "./recent-events.ts";

/** How long a scrape waits for Redis: it must not fail when Redis does. */
const maxLookMs = 1_000;

/**
 * How much older the last entry that this node has read is than the last one of the log, in milliseconds: NaN where Redis
 * does not say so soon, infinity where the log has lost the entry.
 */
export async function readLogLag(backplane: Backplane, recent: RecentEvents): Promise<number> {
  const { position } = recent;
  const noAnswer = delay(maxLookMs, "no-answer" as const, { ref: false });
  const extent = await Promise.race([backplane.findEntry(position), noAnswer]).catch(
    () => "no-answer" as const,
  );
  if (extent === "no-answer") return Number.NaN;
  if (extent === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, entryMs(extent.last) - entryMs(recent.position));
}
