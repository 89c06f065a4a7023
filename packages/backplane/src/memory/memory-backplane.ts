import { guest, type Identity, identityKey, type LoggedEvent } from "@sluice/protocol";
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
  SeededRow,
  SubscribeOutcome,
  SubscriptionChange,
} from "../backplane.ts";
import { likenessOf } from "../likeness.ts";
import { logTrimmed } from "../log-trimmed.ts";
import type { NodeHandlers } from "../node-handlers.ts";
import { MemoryLog } from "./memory-log.ts";
import { MemoryRecords } from "./memory-records.ts";
import { MemoryOrphans } from "./memory-orphans.ts";

/**
 * The embedded backplane: one node and no Redis. What the Redis one does between processes happens here in place,
 * with the same outcomes.
 */
export class MemoryBackplane implements Backplane {
  readonly nodeId = "embedded";
  readonly connected = true;
  readonly #handlers: NodeHandlers;
  readonly #log: MemoryLog;
  readonly #orphans: MemoryOrphans;
  readonly #records = new MemoryRecords();
  readonly #maxStreamsPerIdentity: number;
  readonly #clients = new Map<string, ClientState>();
  readonly #collections = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  #period = "";
  #ticket = 0;
  #isListening = false;

  constructor(options: BackplaneOptions, handlers: NodeHandlers) {
    this.#handlers = handlers;
    this.#log = new MemoryLog(options);
    this.#orphans = new MemoryOrphans(options.orphanSeconds * 1000);
    this.#maxStreamsPerIdentity = options.maxStreamsPerIdentity;
    handlers.position(this.#log.last);
  }

  append(events: readonly LoggedEvent[]): Promise<readonly string[]> {
    const cursors = events.map(({ text, row }) => {
      const cursor = this.#log.append(text);
      if (row !== undefined) this.#records.put(row);
      this.#handlers.event(text, { door: "log", cursor });
      return cursor;
    });
    return Promise.resolve(cursors);
  }

  takeTicket(): Promise<number> {
    this.#ticket += 1;
    return Promise.resolve(this.#ticket);
  }

  register(clientId: string, state: ClientState): Promise<void> {
    this.#clients.set(clientId, state);
    return Promise.resolve();
  }

  orphan(clientId: string, orphanedAt: string): Promise<void> {
    return this.unregister(clientId, { orphanedAt, wasSubscribed: true });
  }

  unregister(clientId: string, { orphanedAt }: Leaving): Promise<void> {
    const client = this.#clients.get(clientId);
    this.#clients.delete(clientId);
    if (client !== undefined && orphanedAt !== undefined && !client.keepsCursor) {
      this.#orphans.add(likenessOf(client.identity, client.subscriptions), orphanedAt);
    }
    return Promise.resolve();
  }

  record(): Promise<void> {
    // nobody is left to adopt the clients of a node that dies
    return Promise.resolve();
  }

  exchangeLoads(): Promise<readonly number[]> {
    return Promise.resolve([]);
  }

  findEntry(cursor: string): Promise<LogExtent | undefined> {
    return Promise.resolve(this.#log.find(cursor));
  }

  readLog(from: string, count: number): Promise<readonly LogEntry[]> {
    return Promise.resolve(this.#log.read(from, count));
  }

  logEnd(): Promise<string> {
    return Promise.resolve(this.#log.last);
  }

  readRecords(collection: string, take: (id: string, json: string) => void): Promise<string | undefined> {
    return Promise.resolve(this.#records.read(collection, take));
  }

  async seedRecords(collection: FollowedCollection, rows: AsyncIterable<SeededRow>): Promise<number> {
    const begin = this.#log.last;
    const seeded = new Map<string, string>();
    for await (const [id, json] of rows) seeded.set(id, json);
    if (this.#log.find(begin) === undefined) throw logTrimmed();
    const entries = this.#log.read(this.#log.first, Number.POSITIVE_INFINITY);
    const count = this.#records.replace(collection, seeded, entries);
    this.#handlers.recordsSeeded(collection.name);
    return count;
  }

  subscribe(change: SubscriptionChange): Promise<SubscribeOutcome> {
    return Promise.resolve(this.#subscribe(change));
  }

  #subscribe({ clientId, ticket, address, identity, subscriptions }: SubscriptionChange): SubscribeOutcome {
    const client = this.#clients.get(clientId);
    if (client === undefined) return "unknown-client";
    if (!sameAddress(client, address)) return "wrong-address";
    if (client.identity.kind !== "guest" && identityKey(client.identity) !== identityKey(identity)) {
      return "wrong-identity";
    }
    if (this.#isFull(client, identity)) return "too-many-streams";
    if (client.version > ticket) return "live";
    this.#clients.set(clientId, { ...client, identity, subscriptions, version: ticket });
    const isFirst = client.version === 0 && !client.keepsCursor;
    const adopted = isFirst ? this.#orphans.adopt(likenessOf(identity, subscriptions)) : undefined;
    const outcome = this.#handlers.apply({ clientId, version: ticket, identity, subscriptions, adopted });
    return outcome === "applied" ? "live" : outcome;
  }

  /** Whether a client would be one too many of an identity. */
  #isFull(client: ClientState, identity: Identity): boolean {
    const most = this.#maxStreamsPerIdentity;
    if (most === 0 || identity.kind !== "record" || client.identity.kind !== "guest") return false;
    const key = identityKey(identity);
    const bound = [...this.#clients.values()].filter((other) => identityKey(other.identity) === key);
    return bound.length >= most;
  }

  sendLast(frame: LastFrame): Promise<LastFrameOutcome> {
    return Promise.resolve(this.#sendLast(frame));
  }

  #sendLast(frame: LastFrame): LastFrameOutcome {
    const client = this.#clients.get(frame.clientId);
    if (client === undefined) return "unknown-client";
    if (!sameAddress(client, frame.address)) return "wrong-address";
    if (!client.subscriptions.includes(frame.subscription)) return "not-subscribed";
    const subscriptions = client.subscriptions.filter((subscription) => subscription !== frame.subscription);
    this.#clients.set(frame.clientId, { ...client, subscriptions });
    return this.#handlers.sendLast(frame);
  }

  release(clientIds: readonly string[], identity: string): Promise<void> {
    for (const clientId of clientIds) {
      const client = this.#clients.get(clientId);
      if (client === undefined || identityKey(client.identity) !== identity) continue;
      this.#clients.set(clientId, { ...client, identity: guest });
    }
    return Promise.resolve();
  }

  readCollections(): Promise<ReadonlyMap<string, string>> {
    return Promise.resolve(new Map(this.#collections));
  }

  putCollection(name: string, json: string): Promise<void> {
    this.#collections.set(name, json);
    this.#handlers.collectionsChanged();
    return Promise.resolve();
  }

  removeCollection(name: string): Promise<void> {
    this.#collections.delete(name);
    this.#handlers.collectionsChanged();
    return Promise.resolve();
  }

  addCounts(period: string, counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    if (period !== this.#period) this.#counts.clear();
    this.#period = period;
    for (const [name, count] of counts) this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
    return Promise.resolve(new Map([...counts.keys()].map((name) => [name, this.#counts.get(name) ?? 0])));
  }

  publishStats(text: string): Promise<number> {
    if (this.#isListening && text !== "") this.#handlers.stats(text);
    return Promise.resolve(Number(this.#isListening));
  }

  listenToStats(isWanted: boolean): Promise<void> {
    this.#isListening = isWanted;
    return Promise.resolve();
  }

  ask(question: string): Promise<NodeAnswers> {
    return Promise.resolve({ nodes: 1, answers: [this.#handlers.answer(question)] });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function sameAddress(client: ClientState, address: string): boolean {
  return address === "" || client.address === "" || client.address === address;
}
