import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { type Backplane, checkRedis, type NodeHandlers, openBackplane } from "@sluice/backplane";
import { Hub } from "@sluice/hub";
import { entryMs } from "@sluice/protocol";
import type { Logger } from "pino";
import { Admission } from "./admission.ts";
import { answerAtOnce } from "./answers.ts";
import { createApp } from "./app.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import { Authenticator } from "./authenticator.ts";
import { CollectionStore } from "./collection-store.ts";
import { EventFeed } from "./event-feed.ts";
import type { GatewayContext } from "./gateway-context.ts";
import { CursorNews } from "./cursor-news.ts";
import { DeliveryWatch } from "./delivery-watch.ts";
import { concealing, secretsOf } from "./log.ts";
import { createMetrics, watchLevels } from "./metrics.ts";
import { nodeHandlers } from "./node-handlers.ts";
import { orphanStream } from "./orphan-stream.ts";
import { RecentEvents } from "./recent-events.ts";
import { BodyReader } from "./request-body.ts";
import { RequestLimits } from "./request-limits.ts";
import { Resumer } from "./resumer.ts";
import type { Settings } from "./settings.ts";
import { SettledCursors } from "./settled-cursors.ts";
import { SharedCounts } from "./shared-counts.ts";
import { StartError } from "./start-error.ts";
import { Shedder } from "./shedder.ts";
import type { Siblings } from "./siblings.ts";
import { SparseLog } from "./sparse-log.ts";
import { StreamKeeper } from "./stream-keeper.ts";
import { TokenVerifier } from "./tokens.ts";

/**
 * Longer than the idle time of load balancers, of which Google's has 600 s: else they send a request on a connection
 * that just closes.
 */
const keepAliveMs = 620_000;

/** How much longer a drain waits for streams that cannot be ended politely yet, and for answers under way. */
export const drainGraceMs = 5_000;

/** An SDK waits 15 s for `PB_CONNECT`. */
const maxAdmissionMs = 9_000;

/**
 * Connections that the kernel keeps until they are taken, as many as it allows. One that does not fit is tried again
 * after 1, 3 and 7 s, and an SDK waits 15.
 */
const backlog = 65_535;

const finishStepMs = 20;

/** How often requests are looked for that take too long. */
const slowRequestsMs = 1_000;

const mebibyte = 2 ** 20;

/** A Redis that says nothing for so long, asked or not, is lost. */
const maxSilenceMs = 5_000;

/** How long a scrape waits for Redis: it must not fail when Redis does. */
const maxLookMs = 1_000;

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
}

/**
 * Starts a gateway; it takes requests when this returns.
 * @throws {StartError} where a setting turns out bad: no Redis, bad collections, a port in use
 */
export async function startGateway(settings: Settings, { log, siblings }: GatewayOptions): Promise<Gateway> {
  const metrics = createMetrics();
  siblings?.share(metrics.registry);
  // what concerns all is said by one
  const commonLog =
    siblings === undefined || siblings.number === 1 ? log : log.child({}, { level: "silent" });
  const denials = new SparseLog({ log, nowMs, intervalMs: 60_000 });
  const deliveries = new DeliveryWatch(metrics, Date.now);
  const hub: Hub = new Hub({
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
    onDenied: (reason, topic, subscribers) => {
      metrics.denials.inc({ reason }, subscribers);
      // a plain no is no news
      if (reason !== "rule" && reason !== "filter")
        denials.warn(reason, { reason, topic }, "not decided: denied");
    },
    onReleased: (clientIds, identity) => void release(clientIds, identity),
  });
  const recent = new RecentEvents();
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
  const feed = new EventFeed({ hub, recent, metrics, deliveries, log, maxEventBytes, nowMs });
  const maxWaitingBytes = settings.streams.maxTotalOutboxBytes;
  const resumer = new Resumer({ hub, recent, metrics, log, maxEventBytes, maxWaitingBytes, nowMs });
  const collections = new CollectionStore(settings.collectionsFile, {
    log: commonLog,
    onChange: (loaded) => hub.setCollections(loaded),
  });
  const verifier = new TokenVerifier(settings.auth);
  if (!verifier.hasKey) {
    commonLog.warn("no AUTH_SECRET, AUTH_JWKS_URL or AUTH_PUBLIC_KEY: everybody is a guest");
  }
  const parts = { hub, streams, feed, recent, resumer, settled, collections, metrics, log };
  const backplane: Backplane = await open(settings, nodeHandlers(parts), log);
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
  await loadCollections(settings, collections, backplane);
  watchLevels(metrics, {
    streams: () => hub.clientCount,
    maxStreams: settings.streams.maxStreams,
    subscriptions: () => hub.subscriptionCount,
    audiences: () => hub.audienceCount,
    waitingBytes: () => hub.waitingBytes,
    maxWaitingBytes,
    connected: () => backplane.connected,
    positionMs: () => entryMs(recent.position),
    lagMs: () => logLag(backplane, recent),
  });
  const state = { draining: false };
  const onRefused = (reason: string): void => metrics.refusals.inc({ reason });
  const context: GatewayContext = {
    settings,
    backplane,
    hub,
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
    bodies: new BodyReader({ bodyBytes: 8 * mebibyte, totalBytes: 64 * mebibyte, onRefused }),
    publishedBodies: new BodyReader({ bodyBytes: 32 * mebibyte, totalBytes: 256 * mebibyte, onRefused }),
    metrics,
    log,
    draining: () => state.draining,
    siblings,
  };
  const server = await listen(context);
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
  const drain = async (): Promise<void> => {
    state.draining = true;
    void shedder.stop();
    const drainMs = settings.drainSeconds * 1000;
    const endMs = nowMs() + drainMs + drainGraceMs;
    await streams.endAll(drainMs, drainGraceMs);
    await finishRequests(server, context, endMs);
    streams.stop();
    collections.stop();
    await backplane.close();
  };
  return { port: portOf(server), drain };
}

async function open(settings: Settings, handlers: NodeHandlers, log: Logger): Promise<Backplane> {
  try {
    await check(settings, log);
    const { maxStreamsPerIdentity } = settings.limits;
    const silenceMs = silenceOf(settings.streams.heartbeatSeconds);
    return await openBackplane(
      settings.redisUrl,
      { ...settings, maxStreamsPerIdentity, silenceMs },
      handlers,
    );
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = concealing(secretsOf(settings))(error instanceof Error ? error.message : String(error));
    throw new StartError([`REDIS_URL: ${reason}`], { cause: error });
  }
}

/** Says what is not as it should be in Redis, before anything fails for it. */
async function check({ redisUrl, keyPrefix }: Settings, log: Logger): Promise<void> {
  const findings = redisUrl === undefined ? [] : await checkRedis(redisUrl, keyPrefix);
  const fatal = findings.filter(({ weight }) => weight === "fatal");
  if (fatal.length > 0) throw new StartError(fatal.map(({ text }) => `REDIS_URL: ${text}`));
  for (const { weight, text } of findings) log[weight === "warning" ? "warn" : "debug"](`Redis: ${text}`);
}

/** A frozen Redis is to be noticed within two heartbeats. */
function silenceOf(heartbeatSeconds: number): number {
  return heartbeatSeconds === 0 ? maxSilenceMs : Math.min(maxSilenceMs, heartbeatSeconds * 1_500);
}

async function loadCollections(
  { collectionsFile }: Settings,
  collections: CollectionStore,
  backplane: Backplane,
): Promise<void> {
  const where = collectionsFile === undefined ? "collections" : `COLLECTIONS_FILE: ${collectionsFile}`;
  try {
    const problems = await collections.start(() => backplane.readCollections());
    if (problems.length === 0 || collectionsFile === undefined) return;
    throw new StartError(problems.map((problem) => `${where}: ${problem}`));
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError([`${where}: ${reason}`], { cause: error });
  }
}

/**
 * How much older the last entry that this node has read is than the last one of the log, in milliseconds: NaN where Redis
 * does not say so soon, infinity where the log has lost the entry.
 */
async function logLag(backplane: Backplane, recent: RecentEvents): Promise<number> {
  const { position } = recent;
  const noAnswer = delay(maxLookMs, "no-answer" as const, { ref: false });
  const extent = await Promise.race([backplane.findEntry(position), noAnswer]).catch(
    () => "no-answer" as const,
  );
  if (extent === "no-answer") return Number.NaN;
  if (extent === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, entryMs(extent.last) - entryMs(recent.position));
}

async function listen(context: GatewayContext): Promise<Server> {
  const { host, port, requestSeconds, corsOrigins: origins } = context.settings;
  const route = getRequestListener(createApp(context).fetch, { hostname: host });
  const options = {
    // from the connection on, or from the first byte of a later request on it, until the last byte of the body
    headersTimeout: requestSeconds * 1000,
    requestTimeout: requestSeconds * 1000,
    connectionsCheckingInterval: slowRequestsMs,
  };
  const server = createServer(options, (incoming, outgoing) => {
    // in front of the router: a flood is to cost as little as can be
    const answer = context.limits.refuseRequest(incoming);
    if (answer === undefined) void route(incoming, outgoing);
    else answerAtOnce(incoming, outgoing, { answer, origins });
  });
  server.on("clientError", (error, socket) => {
    const reason = answerBrokenRequest(error, socket);
    if (reason !== undefined) context.metrics.refusals.inc({ reason });
  });
  server.keepAliveTimeout = keepAliveMs;
  server.listen({ port, host, backlog });
  try {
    await once(server, "listening");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError([`HOST, PORT: expected an address to listen on, got ${host}:${port}: ${reason}`], {
      cause: error,
    });
  }
  return server;
}

/**
 * Answers the requests that came before the drain: a GET opens its stream, which then ends like the others, and a POST
 * for a stream of another node, which goes on, is not cut.
 */
async function finishRequests(
  server: Server,
  { hub, streams }: GatewayContext,
  endMs: number,
): Promise<void> {
  while (hub.clientCount > 0 && nowMs() < endMs) {
    await streams.endAll(0, endMs - nowMs());
    await delay(finishStepMs);
  }
  const closed = once(server, "close");
  server.close();
  const closing = setInterval(() => server.closeIdleConnections(), finishStepMs);
  await Promise.race([closed, delay(Math.max(0, endMs - nowMs()))]);
  clearInterval(closing);
  server.closeAllConnections();
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
