import type { NodeHandlers } from "@sluice/backplane";
import type { Hub } from "@sluice/hub";
import type { Logger } from "pino";
import type { CollectionStore } from "./collection-store.ts";
import type { EventFeed } from "./event-feed.ts";
import type { Metrics } from "./metrics.ts";
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
  readonly collections: CollectionStore;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** What this node does with what the backplane brings. */
export function nodeHandlers(context: NodeHandlersContext): NodeHandlers {
  const { hub, streams, feed, collections, metrics, log } = context;
  return {
    event: (text, source) => feed.take(text, source),
    apply: ({ clientId, ...change }) => {
      if (!hub.apply(clientId, change)) return "unknown-client";
      streams.find(clientId)?.markSubscribed();
      return "applied";
    },
    sendLast: ({ clientId, subscription, data }) =>
      hub.sendLast(clientId, subscription, data) ? "sent" : "unknown-client",
    describe: (clientId) => {
      const client = hub.find(clientId);
      if (client === undefined) return undefined;
      const { address, identity, subscriptions, version } = client;
      return { address, identity, subscriptions: [...subscriptions.keys()], version };
    },
    collectionsChanged: () => collections.reload(),
    connectionChanged: (connected) => {
      if (connected) log.info("Redis is back");
      else log.warn("Redis is lost: streams stay open, requests are answered with 503");
    },
    gap: () => {
      metrics.gaps.inc();
      log.warn("the log no longer has this node's place: all streams end, since events may be missing");
      void streams.endAll(gapMs, gapGraceMs);
    },
    fault: (err, doing) => log.error({ err }, `a fault while ${doing}`),
  };
}
