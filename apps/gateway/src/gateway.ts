import { setTimeout as delay } from "node:timers/promises";
import type { Backplane } from "@sluice/backplane";
import { Hub, RecordStore } from "@sluice/hub";
import { entryMs } from "@sluice/protocol";
import type { Logger } from "pino";
import { Admission } from "./admission.ts";
import { Authenticator } from "./authenticator.ts";
import { ClientAnswers } from "./console/client-answers.ts";
import { ConsolePages } from "./console/console-pages.ts";
import { EventWatch } from "./console/event-watch.ts";
import { NodeGauge } from "./console/node-gauge.ts";
import { Reporter } from "./console/reporter.ts";
import { CollectionStore } from "./collection-store.ts";
import { EventFeed } from "./event-feed.ts";
import type { GatewayContext } from "./gateway-context.ts";
import { CursorNews } from "./cursor-news.ts";
import { DeliveryWatch } from "./delivery-watch.ts";
import { HttpServer } from "./http-server.ts";
import { readLogLag } from "./log-lag.ts";
import { createMetrics, type Levels, watchLevels } from "./metrics.ts";
import { nodeHandlers } from "./node-handlers.ts";
import { orphanStream } from "./orphan-stream.ts";
import { RecentEvents } from "./recent-events.ts";
import { RecordKeys } from "./record-keys.ts";
import { BodyReader } from "./request-body.ts";
import { RequestLimits } from "./request-limits.ts";
import { RecordLoader } from "./record-loader.ts";
import { Resumer } from "./resumer.ts";
import type { Settings } from "./settings.ts";
import { SettledCursors } from "./settled-cursors.ts";
import { SharedCounts } from "./shared-counts.ts";
import { startBackplane } from "./start-backplane.ts";
import { StartError } from "./start-error.ts";
import { SlabPool } from "./slab-pool.ts";
import { Shedder } from "./shedder.ts";
import type { Siblings } from "./siblings.ts";
import { SparseLog } from "./sparse-log.ts";
import { StreamKeeper } from "./stream-keeper.ts";
import { TokenVerifier } from "./tokens.ts";

/** How much longer a drain waits for streams that cannot be ended politely yet, and for answers under way. */
export const drainGraceMs = 5_000;

/** An SDK waits 15 s for `PB_CONNECT`. */
const maxAdmissionMs = 9_000;

const mebibyte = 2 ** 20;

const nowMs = (): number => performance.now();

/** One running gateway. */
export interface Gateway {
  readonly port: number;
  /** Takes no new streams, ends the open ones politely over the drain time, and stops. */
  readonly drain: () => Promise<void>;
}

/** What a gateway is started with beside its settings. */
export interface GatewayOptions {
  readonly log: Logger;
  /** The other gateways on its port, if there are any. */
  readonly siblings?: Siblings;
  /** Collections to store in the backplane first: a JSON text each, by name. */
  readonly collections?: ReadonlyMap<string, string> | undefined;
}

/**
 * Starts a gateway; it takes requests when this returns.
 * @throws {StartError} where a setting turns out bad: no Redis, bad collections, a port in use
 */
export async function startGateway(settings: Settings, options: GatewayOptions): Promise<Gateway> {
  const { log, siblings } = options;
  const metrics = createMetrics();
  siblings?.share(metrics.registry);
  // what concerns all is said by one
  const commonLog =
    siblings === undefined || siblings.number === 1 ? log : log.child({}, { level: "silent" });
  const denials = new SparseLog({ log, nowMs, intervalMs: 60_000 });
  const watch = new EventWatch(() => collections.current);
  const onDelivered = (delayMs: number): void => {
    metrics.deliveryDelay.observe(delayMs / 1000);
    watch.delivered(delayMs);
  };
  const deliveries = new DeliveryWatch(onDelivered, Date.now);
  const recent = new RecentEvents();
  const position = (): string => recent.position;
  const records = new RecordStore({
    maxRecords: settings.followMaxRecords,
    onTooMany: (collectionId) => {
      const collection = collections.current.find(collectionId)?.name ?? collectionId;
      log.error(
        { collection, limit: settings.followMaxRecords },
        "FOLLOW_MAX_RECORDS: rules that take this collection's rows deny: it has more of them",
      );
    },
  });
  const hub: Hub = new Hub({
    records,
    position,
    nowMs: Date.now,
    steadyMs: nowMs,
    limits: {
      clientBytes: settings.streams.maxOutboxBytes,
      totalBytes: settings.streams.maxTotalOutboxBytes,
    },
    defer: (flush) => {
      setImmediate(() => {
        flush();
        deliveries.flushed(hub);
      });
    },
    onDelivered: (frames) => metrics.deliveries.inc(frames),
    onDenied: (denied) => {
      const { reason, topic, subscribers, detail } = denied;
      metrics.denials.inc({ reason }, subscribers);
      watch.denied(denied);
      // a plain no is no news
      if (reason !== "rule" && reason !== "filter" && reason !== "expand")
        denials.warn(reason, { reason, topic, detail }, "not decided: denied");
    },
    onReleased: (clientIds, identity) => void release(clientIds, identity),
  });
  const streams: StreamKeeper = new StreamKeeper({
    settings: settings.streams,
    nowMs,
    connected: () => backplane.connected,
    orphan: (stream) => orphanStream({ backplane, hub, settled }, stream),
    newsFor: (stream) => news.newsFor(stream),
    onSweep: () => void backplane.record(settled.look()),
  });
  const news = new CursorNews(hub, recent);
  const settled = new SettledCursors({ hub, streams, recent });
  const { maxEventBytes } = settings;
  const hasCollections = (): boolean => collections.isLoaded;
  const watched = { hub, hasCollections, recent, metrics, deliveries, watch };
  const feed = new EventFeed({ ...watched, log, maxEventBytes, nowMs });
  const maxWaitingBytes = settings.streams.maxTotalOutboxBytes;
  const resumer = new Resumer({ hub, recent, metrics, log, maxEventBytes, maxWaitingBytes, nowMs });
  const collections = new CollectionStore(settings.collectionsFile, {
    log: commonLog,
    onChange: (loaded) => {
      const warnings = hub.setCollections(loaded);
      const follows = hub.follows();
      loader.follow([...loaded].filter(({ id }) => follows.has(id)));
      loader.reloadMissing();
      return warnings;
    },
  });
  const loader = new RecordLoader({ records, hub, log });
  const recordKeys = new RecordKeys({
    collections: () => collections.current,
    rows: records,
    position,
    wait: delay,
  });
  const verifier = new TokenVerifier(settings.auth, recordKeys);
  const nodeId = (): string => backplane.nodeId;
  const clientAnswers = new ClientAnswers({ nodeId, hub, streams, settled, recent, maxEventBytes });
  let reporter: Reporter | undefined;
  const told = { clientAnswers, reporter: () => reporter, metrics, log };
  const parts = { hub, streams, feed, loader, recent, resumer, settled, collections, ...told };
  const backplane: Backplane = await startBackplane(settings, nodeHandlers(parts), log);
  resumer.start(backplane);
  const release = async (clientIds: readonly string[], identity: string): Promise<void> => {
    log.info({ clientIds, identity }, "streams have lost their identity");
    await backplane.release(clientIds, identity).catch((err: unknown) => {
      log.error(
        { err, identity },
        "streams could not be released in the directory: their next POST is refused",
      );
    });
  };
  for (const [name, json] of options.collections ?? []) await backplane.putCollection(name, json);
  await loadCollections(settings, collections, backplane);
  await loader.start(backplane);
  if (!verifier.hasKey) {
    commonLog.warn(
      "no AUTH_SECRET, AUTH_JWKS_URL or AUTH_PUBLIC_KEY, and no secret of an auth collection: everybody is a guest",
    );
  }
  let isDraining = false;
  const draining = (): boolean => isDraining;
  const levels: Levels = {
    streams: () => hub.clientCount,
    maxStreams: settings.streams.maxStreams,
    subscriptions: () => hub.subscriptionCount,
    audiences: () => hub.audienceCount,
    waitingBytes: () => hub.waitingBytes,
    maxWaitingBytes,
    followedRecords: () => loader.rows,
    missingCollections: () => loader.missing,
    connected: () => backplane.connected,
    positionMs: () => entryMs(recent.position),
    lagMs: () => readLogLag(backplane, recent),
  };
  watchLevels(metrics, levels);
  if (settings.console) {
    const gauge = new NodeGauge({ node: backplane.nodeId, levels, position, draining });
    reporter = new Reporter({ backplane, hub, watch, gauge });
  }
  const onRefused = (reason: string): void => metrics.refusals.inc({ reason });
  const pool = new SlabPool();
  const context: GatewayContext = {
    settings,
    backplane,
    hub,
    collections: () => collections.current,
    consolePages: settings.console ? await ConsolePages.read() : undefined,
    admission: new Admission({ nowMs, maxWaitMs: maxAdmissionMs }),
    streams,
    recent,
    streamContext: {
      nowMs,
      onCut: (reason) => metrics.cuts.inc({ reason }),
      onUnblocked: (clientId) => hub.unblock(clientId),
      onEnded: ({ clientId, isSubscribed, hasJustAdopted }, by) => {
        const isOrphan = by === "node" || hasJustAdopted || resumer.isPending(clientId);
        const orphanedAt = isOrphan ? settled.of(clientId) : undefined;
        void backplane.unregister(clientId, { orphanedAt, wasSubscribed: isSubscribed });
        log.debug({ clientId, by }, "a stream has ended");
        settled.forget(clientId);
        resumer.forget(clientId);
      },
    },
    authenticator: new Authenticator(verifier, settings.auth.collection, () => collections.current),
    limits: new RequestLimits({
      settings: settings.limits,
      trustedProxyHeader: settings.trustedProxyHeader,
      counts: new SharedCounts({ backplane, nowMs: Date.now }),
      onRefused,
    }),
    bodies: new BodyReader({ bodyBytes: 8 * mebibyte, totalBytes: 64 * mebibyte, pool, onRefused }),
    publishedBodies: new BodyReader({
      bodyBytes: 32 * mebibyte,
      totalBytes: 256 * mebibyte,
      pool,
      onRefused,
    }),
    metrics,
    log,
    draining,
    siblings,
  };
  const server = await HttpServer.open(context);
  const shedder = new Shedder({
    backplane,
    streams,
    streamCount: () => hub.clientCount,
    maxStreams: settings.streams.maxStreams,
    shedSeconds: settings.shedSeconds,
    onShed: (count) => metrics.shed.inc(count),
    log,
  });
  streams.start();
  shedder.start();
  reporter?.start();
  const drain = async (): Promise<void> => {
    isDraining = true;
    void shedder.stop();
    const drainMs = settings.drainSeconds * 1000;
    const endMs = nowMs() + drainMs + drainGraceMs;
    await streams.endAll(drainMs, drainGraceMs);
    await server.close(endMs);
    streams.stop();
    reporter?.stop();
    collections.stop();
    loader.stop();
    await backplane.close();
  };
  return { port: server.port, drain };
}

async function loadCollections(
  { collectionsFile }: Settings,
  collections: CollectionStore,
  backplane: Backplane,
): Promise<void> {
  const where = collectionsFile === undefined ? "collections" : `COLLECTIONS_FILE: ${collectionsFile}`;
  const problems = await collections
    .start(() => backplane.readCollections())
    .catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StartError([`${where}: ${reason}`], { cause });
    });
  if (problems.length > 0 && collectionsFile !== undefined) {
    throw new StartError(problems.map((problem) => `${where}: ${problem}`));
  }
}
