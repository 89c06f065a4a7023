import { randomBytes } from "node:crypto";
import type { LoggedEvent } from "@sluice/protocol";
import type { Redis } from "ioredis";
import type {
  Backplane,
  BackplaneOptions,
  ClientState,
  FollowedCollection,
  LastFrame,
  LastFrameOutcome,
  Leaving,
  LogEntry,
  LogExtent,
  NodeAnswers,
  Progress,
  SeededRow,
  SubscribeOutcome,
  SubscriptionChange,
} from "../backplane.ts";
import { BackplaneError } from "../backplane-error.ts";
import type { NodeHandlers } from "../node-handlers.ts";
import { ChannelReader } from "./channel-reader.ts";
import { comeBackMs, Directory } from "./directory.ts";
import { appendEvents } from "./event-append.ts";
import { Holds } from "./holds.ts";
import { type Keys, keysUnder } from "./keys.ts";
import { readKeptRows } from "./kept-rows.ts";
import { endOfLog, findEntry, LogReader, readEntries } from "./log-reader.ts";
import { OwnerCalls } from "./owner-calls.ts";
import { type NodeConnections, openNodeConnections } from "./node-connections.ts";
import { parseNodeMessage } from "./node-message.ts";
import type { RedisUrl } from "./redis-url.ts";
import { Script } from "./script.ts";
import { seedRows } from "./seeding.ts";
import { readStoredCollections, storeCollections } from "./stored-collections.ts";
import { unavailable } from "./unavailable.ts";

const takeTicketScript = new Script<number>("take-ticket.lua");
const exchangeLoadsScript = new Script<readonly number[]>("orphans.lua", "exchange-loads.lua");
const trimScript = new Script<number>("trim.lua");
const trimMs = 5_000;

const countsLifeMs = 120_000;

/** How often Redis is asked for a sign of life, as a share of the silence that says it is lost. */
const aliveShare = 0.4;

/**
 * Joins this node to the others through Redis; returns when it hears everything that a node must hear.
 * @throws {BackplaneError} `unavailable` where Redis does not answer within ten seconds
 */
export async function openRedisBackplane(
  url: RedisUrl,
  options: BackplaneOptions,
  handlers: NodeHandlers,
): Promise<Backplane> {
  const nodeId = randomBytes(8).toString("hex");
  const connections = await openNodeConnections(url, nodeId, options);
  const backplane = new RedisBackplane(nodeId, connections, { options, handlers });
  try {
    await backplane.start();
    return backplane;
  } catch (error) {
    await backplane.close();
    throw unavailable(error);
  }
}

class RedisBackplane implements Backplane {
  readonly nodeId: string;
  readonly #connections: NodeConnections;
  readonly #keys: Keys;
  readonly #options: BackplaneOptions;
  readonly #handlers: NodeHandlers;
  readonly #directory: Directory;
  readonly #ownerCalls: OwnerCalls;
  readonly #logReader: LogReader;
  readonly #channelReader: ChannelReader;
  #trims: NodeJS.Timeout | undefined;
  #wasConnected = true;
  #lostMs = 0;
  #backMs = Number.NEGATIVE_INFINITY;

  constructor(
    nodeId: string,
    connections: NodeConnections,
    { options, handlers }: { readonly options: BackplaneOptions; readonly handlers: NodeHandlers },
  ) {
    this.nodeId = nodeId;
    this.#connections = connections;
    this.#keys = keysUnder(options.keyPrefix);
    this.#options = options;
    this.#handlers = handlers;
    const { commands, log, channels } = connections;
    const { silenceMs, orphanSeconds, maxStreamsPerIdentity } = options;
    const aliveMs = Math.round(silenceMs * aliveShare);
    const node = { redis: commands, keys: this.#keys, nodeId, handlers, orphanMs: orphanSeconds * 1000 };
    const holds = new Holds(node);
    this.#directory = new Directory(node, holds);
    this.#ownerCalls = new OwnerCalls({ ...node, holds, maxStreamsPerIdentity });
    this.#logReader = new LogReader(log, { key: this.#keys.log, handlers, blockMs: aliveMs });
    this.#channelReader = new ChannelReader(channels, { ...node, listenMs: aliveMs });
  }

  async start(): Promise<void> {
    for (const redis of this.#all()) {
      redis.on("ready", () => this.#noticeConnection());
      redis.on("close", () => this.#noticeConnection());
    }
    await this.#channelReader.start((text) => this.#receive(text));
    await this.#logReader.start();
    await this.#directory.start();
    this.#trims = setInterval(() => void this.#trim(), trimMs);
  }

  get connected(): boolean {
    return this.#all().every((redis) => redis.status === "ready");
  }

  append(events: readonly LoggedEvent[]): Promise<readonly string[]> {
    return this.#command((redis) => appendEvents(redis, this.#keys.all, events));
  }

  takeTicket(): Promise<number> {
    return this.#command((redis) => takeTicketScript.run(redis, [this.#keys.ticket], []));
  }

  register(clientId: string, state: ClientState): Promise<void> {
    return this.#command(() => this.#directory.register(clientId, state));
  }

  orphan(clientId: string, cursor: string): Promise<void> {
    return this.#command(() => this.#directory.orphan(clientId, cursor));
  }

  unregister(clientId: string, leaving: Leaving): Promise<void> {
    return this.#directory.unregister(clientId, leaving);
  }

  record(progress: Progress): Promise<void> {
    return this.#directory.record(progress);
  }

  exchangeLoads(streams: number | undefined): Promise<readonly number[]> {
    const { all, loads } = this.#keys;
    const args = [all, this.nodeId, streams ?? ""];
    return this.#command((redis) => exchangeLoadsScript.run(redis, [loads], args));
  }

  findEntry(cursor: string): Promise<LogExtent | undefined> {
    return this.#command((redis) => findEntry(redis, this.#keys.log, cursor));
  }

  readLog(from: string, count: number): Promise<readonly LogEntry[]> {
    return this.#command((redis) => readEntries(redis, this.#keys.log, { from, count }));
  }

  logEnd(): Promise<string> {
    return this.#command((redis) => endOfLog(redis, this.#keys.log));
  }

  readRecords(collection: string, take: (id: string, json: string) => void): Promise<string | undefined> {
    return this.#command((redis) => readKeptRows(redis, this.#keys.rows(collection), take));
  }

  seedRecords(collection: FollowedCollection, rows: AsyncIterable<SeededRow>): Promise<number> {
    return seedRows(this.#connections.commands, this.#keys, { collection, rows });
  }

  subscribe(change: SubscriptionChange): Promise<SubscribeOutcome> {
    return this.#command(async () => this.#doubt(await this.#ownerCalls.subscribe(change)));
  }

  sendLast(frame: LastFrame): Promise<LastFrameOutcome> {
    return this.#command(async () => this.#doubt(await this.#ownerCalls.sendLast(frame)));
  }

  release(clientIds: readonly string[], identity: string): Promise<void> {
    return this.#command(() => this.#directory.release(clientIds, identity));
  }

  readCollections(): Promise<ReadonlyMap<string, string>> {
    return this.#command((redis) => readStoredCollections(redis, this.#keys.collections));
  }

  putCollection(name: string, json: string): Promise<void> {
    return this.#storeCollection(name, json);
  }

  removeCollection(name: string): Promise<void> {
    return this.#storeCollection(name, undefined);
  }

  addCounts(period: string, counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    return this.#command(async (redis) => {
      const key = this.#keys.counts(period);
      const names = [...counts.keys()];
      // all or none: what is added does not stay behind without its end
      const step = redis.multi();
      for (const name of names) step.hincrby(key, name, counts.get(name) ?? 0);
      const replies = (await step.pexpire(key, countsLifeMs).exec()) ?? [];
      const sums = replies.map(([error, sum]) => {
        if (error !== null) throw error;
        return Number(sum);
      });
      return new Map(names.map((name, index) => [name, sums[index] ?? 0]));
    });
  }

  publishStats(text: string): Promise<number> {
    return this.#command((redis) => redis.publish(this.#keys.stats, text));
  }

  listenToStats(isWanted: boolean): Promise<void> {
    return this.#command(() => this.#channelReader.listenToStats(isWanted));
  }

  ask(question: string, isEnough?: (answer: string) => boolean): Promise<NodeAnswers> {
    return this.#command(() => this.#ownerCalls.ask(question, isEnough));
  }

  async close(): Promise<void> {
    clearInterval(this.#trims);
    this.#wasConnected = false;
    await this.#directory.close();
    await this.#logReader.close();
    this.#channelReader.close();
    for (const redis of [this.#connections.commands, ...this.#connections.sentinels]) redis.disconnect();
  }

  #storeCollection(name: string, json: string | undefined): Promise<void> {
    const changes = new Map([[name, json]]);
    return this.#command((redis) => storeCollections(redis, this.#keys.collections, changes));
  }

  #all(): readonly Redis[] {
    const { commands, log, channels } = this.#connections;
    return [commands, log, channels];
  }

  async #command<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await work(this.#connections.commands);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** A client whose entry, or whose owner's, has expired while Redis was away is known again once its owner is back. */
  #doubt<Outcome extends string>(outcome: Outcome): Outcome | "no-answer" {
    const areAllBack = this.connected && performance.now() - this.#backMs > comeBackMs;
    return outcome === "unknown-client" && !areAllBack ? "no-answer" : outcome;
  }

  #receive(text: string): void {
    const message = parseNodeMessage(text);
    if (message === undefined)
      this.#handlers.fault(
        new BackplaneError(`expected a message of a node, got ${text.length} characters of something else`),
        "reading a message from another node",
      );
    else void this.#ownerCalls.receive(message);
  }

  #noticeConnection(): void {
    const { connected } = this;
    if (connected === this.#wasConnected) return;
    this.#wasConnected = connected;
    this.#handlers.connectionChanged(connected);
    if (connected) {
      this.#backMs = performance.now();
      void this.#directory.refresh(this.#backMs - this.#lostMs);
    }
    // it may have been silent for long before that was noticed
    else this.#lostMs = this.#logReader.lastReplyMs;
  }

  async #trim(): Promise<void> {
    const { logSeconds, logEntries } = this.#options;
    const { commands } = this.#connections;
    if (commands.status !== "ready") return;
    try {
      await trimScript.run(commands, [this.#keys.log], [logSeconds * 1000, logEntries]);
    } catch (error) {
      this.#handlers.fault(error, "trimming the log");
    }
  }
}
