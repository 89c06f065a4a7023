import { encodeFrame, type Subscription } from "@sluice/protocol";
import type { Frame } from "./batch.ts";
import type { Client } from "./client.ts";

/** What one subscription string gets of an event. */
export interface Match {
  readonly subscription: Subscription;
  /** Where it comes among the strings that one client has of an event: the same on every node. */
  readonly place: string;
  /** See {@link Frame}. */
  readonly subject: string | undefined;
  readonly shares: readonly Share[];
}

/** The clients that get the same data. */
export interface Share {
  readonly data: string;
  readonly clients: Client[];
}

/**
 * Encodes an event's frames, once per string and view, and hands them out. A client that has several gets them in the
 * order of their places; only the last says that it has had all of the event.
 * @param entry the event's place in the log, if it has one
 * @returns how many frames were handed out
 */
export function handOut(
  matches: readonly Match[],
  entry: string | undefined,
  send: (clients: readonly Client[], frame: Frame) => void,
): number {
  const left = entry === undefined ? undefined : countSeveral(matches);
  const ordered = left === undefined ? matches : matches.toSorted(byPlace);
  let sent = 0;
  for (const { subscription, place, subject, shares } of ordered) {
    const cursor = entry === undefined ? undefined : { entry, place };
    const frameOf = (data: string, id: string | undefined): Frame => ({
      bytes: encodeFrame({ event: subscription.raw, data, id }),
      subject,
      cursor,
    });
    for (const { data, clients } of shares) {
      const [earlier, last] = left === undefined ? [[], clients] : splitByLeft(clients, left);
      if (earlier.length > 0) send(earlier, frameOf(data, `${entry}.${place}`));
      if (last.length > 0) send(last, frameOf(data, entry));
      sent += clients.length;
    }
  }
  return sent;
}

/** How many frames each client gets; nothing where none gets several. */
function countSeveral(matches: readonly Match[]): Map<Client, number> | undefined {
  if (matches.length < 2) return undefined;
  const counts = new Map<Client, number>();
  let hasSeveral = false;
  for (const { shares } of matches) {
    for (const { clients } of shares) {
      for (const client of clients) {
        if (client.subscriptions.size < 2) continue;
        const count = (counts.get(client) ?? 0) + 1;
        counts.set(client, count);
        hasSeveral ||= count > 1;
      }
    }
  }
  return hasSeveral ? counts : undefined;
}

/** Those for whom more follows, and those for whom this is the last. */
function splitByLeft(clients: readonly Client[], left: Map<Client, number>): [Client[], Client[]] {
  const [earlier, last]: [Client[], Client[]] = [[], []];
  for (const client of clients) {
    const more = (left.get(client) ?? 1) - 1;
    left.set(client, more);
    (more > 0 ? earlier : last).push(client);
  }
  return [earlier, last];
}

function byPlace(one: Match, other: Match): number {
  return Number(one.place > other.place) - Number(one.place < other.place);
}
