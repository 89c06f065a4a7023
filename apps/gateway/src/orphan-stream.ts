import type { Backplane } from "@sluice/backplane";
import type { Hub } from "@sluice/hub";
import type { SettledCursors } from "./settled-cursors.ts";
import type { Stream } from "./stream.ts";

/** What makes an orphan of a stream's client. */
export interface OrphanContext {
  readonly backplane: Backplane;
  readonly hub: Hub;
  readonly settled: SettledCursors;
}

/**
 * Notes down where the client of a stream that is to end is, for whoever comes behind it. What is dispatched to it
 * meanwhile is kept back: it is the other's.
 * @returns false where that cannot be done now, and the stream goes on: its client would miss more if it ended
 */
export async function orphanStream(
  { backplane, hub, settled }: OrphanContext,
  { clientId }: Stream,
): Promise<boolean> {
  const cursor = settled.of(clientId);
  // it has not subscribed, or keeps its cursor itself
  if (cursor === undefined) return true;
  const wasHeld = hub.find(clientId)?.isHeld === true;
  hub.hold(clientId);
  try {
    await backplane.orphan(clientId, cursor);
    return true;
  } catch {
    if (!wasHeld) hub.endHold(clientId, []);
    return false;
  }
}
