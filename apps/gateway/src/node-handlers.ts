import type { NodeHandlers } from "@sluice/backplane";
import type { Hub } from "@sluice/hub";
import { parseCursor } from "@sluice/protocol";
import type { Logger } from "pino";
import type { ClientAnswers } from "./console/client-answers.ts";
import type { Reporter } from "./console/reporter.ts";
import type { CollectionStore } from "./collection-store.ts";
import type { EventFeed } from "./event-feed.ts";
import type { Metrics } from "./metrics.ts";
import type { RecentEvents } from "./recent-events.ts";
import type { RecordLoader } from "./record-loader.ts";
import type { Resumer } from "./resumer.ts";
import type { SettledCursors } from "./settled-cursors.ts";
import type { Stream } from "./stream.ts";
import type { StreamKeeper } from "./stream-keeper.ts";

/** Streams that end because events may be missing come back all at once: they end spread over this. */
const gapMs = 3_000;

/** How long such a stream is waited for that cannot be ended politely. */
const gapGraceMs = 15_000;

/** What the backplane's handlers work with. */
export interface NodeHandlersContext {
  readonly hub: Hub;
  readonly streams: StreamKeeper;
  readonly feed: EventFeed;
  readonly loader: RecordLoader;
  readonly recent: RecentEvents;
  readonly resumer: Resumer;
  readonly settled: SettledCursors;
  readonly collections: CollectionStore;
  readonly clientAnswers: ClientAnswers;
  /** Nothing before it is made, and where there is no console. */
  readonly reporter: () => Reporter | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** What this node does with what the backplane brings. */
export function nodeHandlers(context: NodeHandlersContext): NodeHandlers {
  const { hub, streams, feed, loader, recent, resumer, settled, collections, metrics, log } = context;
  return {
    position: (cursor) => {
      if (recent.position === "") recent.startAt(cursor);
      else recent.push({ cursor, text: undefined });
      loader.reach(cursor);
    },
    event: (text, source) => {
      feed.take(text, source);
      if (source.cursor !== undefined) loader.reach(source.cursor);
    },
    apply: ({ clientId, adopted, ...change }) => {
      if (!hub.apply(clientId, change)) return "unknown-client";
      const stream = streams.find(clientId);
      if (stream?.markSubscribed(adopted !== undefined) === true) beginStream(context, stream, adopted);
      return "applied";
    },
    sendLast: ({ clientId, subscription, data }) =>
      hub.sendLast(clientId, subscription, data) ? "sent" : "unknown-client",
    describe: (clientId) => {
      const client = hub.find(clientId);
      if (client === undefined) return undefined;
      const { address, identity, subscriptions, version } = client;
      const keepsCursor = streams.find(clientId)?.keepsCursor ?? false;
      return { address, identity, subscriptions: [...subscriptions.keys()], version, keepsCursor };
    },
    collectionsChanged: () => collections.reload(),
    recordsSeeded: (collection) => loader.reload(collection),
    stats: (text) => context.reporter()?.take(text),
    answer: (question) => {
      try {
        return context.clientAnswers.answer(question);
      } catch (err) {
        // whatever one question does, the node goes on
        log.error({ err }, "a question about clients could not be answered");
        return "";
      }
    },
    connectionChanged: (connected) => {
      if (connected) log.info("Redis is back");
      else log.warn("Redis is lost: streams stay open, requests are answered with 503");
    },
    gap: (cursor) => {
      metrics.gaps.inc();
      log.warn("the log no longer has this node's place: all streams end, since events may be missing");
      recent.startAt(cursor);
      loader.restartAt(cursor);
      hub.seal();
      resumer.clear();
      settled.restartAt(cursor);
      void streams.endSubscribed(gapMs, gapGraceMs);
    },
    fault: (err, doing) => log.error({ err }, `a fault while ${doing}`),
  };
}

/** The first subscriptions of a stream: what it missed before comes first. */
function beginStream(
  { recent, resumer, settled }: NodeHandlersContext,
  { clientId, offered, keepsCursor }: Stream,
  adopted: string | undefined,
): void {
  const orphaned = adopted === undefined ? undefined : parseCursor(adopted);
  if (offered) resumer.begin(clientId, { from: parseCursor(offered), tell: true });
  else if (orphaned !== undefined) resumer.begin(clientId, { from: orphaned, tell: false });
  if (!keepsCursor) settled.start(clientId, orphaned ?? { entry: recent.position });
}
