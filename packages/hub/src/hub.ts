import {
  type Collection,
  CollectionSet,
  type Cursor,
  type CustomMessage,
  encodeFrame,
  type Identity,
  identityKey,
  parseSubscription,
  type RecordEvent,
} from "@sluice/protocol";
import type { Frame } from "./batch.ts";
import { BoundClients } from "./bound-clients.ts";
import { Client, type ClientSink } from "./client.ts";
import type { RuleWarning } from "./collection-access.ts";
import { explainForClient, type SubscriptionExplanation } from "./explanation.ts";
import { handOut, type Match } from "./match.ts";
import { Matcher, type MatcherContext, Rulebook } from "./matcher.ts";
import { Outboxes, type OutboxesContext } from "./outboxes.ts";
import type { RecordLoad, RecordStore } from "./record-store.ts";
import { Replay } from "./replay.ts";
import { SubscriptionIndex } from "./subscription-index.ts";
import { authCollectionOf, changesTokenKey } from "./token-changes.ts";
import { Watchers } from "./watchers.ts";

/** What a hub needs from the process around it. */
export interface HubContext extends OutboxesContext, MatcherContext {
  /** The rows of the collections that this node follows, which the hub keeps at its place in the log. */
  readonly records: RecordStore;
  /** The entry of the log that this node has come to; empty before the first. */
  readonly position: () => string;
  /** Counts a frame that was put into an outbox. */
  readonly onDelivered: (frames: number) => void;
  /** Tells that clients have lost their identity and are guests now. */
  readonly onReleased: (clientIds: readonly string[], identity: string) => void;
}

/** A client's whole set of subscriptions, and the ticket of the request that set it. */
export interface ClientChange {
  readonly version: number;
  readonly identity: Identity;
  readonly subscriptions: readonly string[];
}

/** So many clients are moved one by one in about 10 ms. */
const manyClients = 1_000;

/** The clients of this node: finds who may have an event, encodes it once per view, and puts it into their outboxes. */
export class Hub {
  readonly #context: HubContext;
  readonly #clients = new Map<string, Client>();
  readonly #index = new SubscriptionIndex();
  readonly #bound: BoundClients;
  readonly #matcher: Matcher;
  #rulebook: Rulebook;
  readonly #outboxes: Outboxes;
  readonly #watchers = new Watchers();
  /** Grows when the rules change, or the subscriptions or identity of a client that is held. */
  #epoch = 0;

  constructor(context: HubContext) {
    this.#context = context;
    this.#bound = new BoundClients({ ...context, onMoved: (clients) => this.#moveAll(clients) });
    this.#rulebook = new Rulebook(new CollectionSet(), context.records);
    this.#matcher = new Matcher(this.#index, context);
    this.#outboxes = new Outboxes(context);
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** All clients, in the order in which they came. */
  get clients(): Iterable<Client> {
    return this.#clients.values();
  }

  /** How many superusers are to be told what {@link tellWatchers} tells. */
  get watcherCount(): number {
    return this.#watchers.size;
  }

  /** Bytes that wait for clients who take none. */
  get waitingBytes(): number {
    return this.#outboxes.waitingBytes;
  }

  get subscriptionCount(): number {
    return this.#index.size;
  }

  /** Takes a look at every topic. */
  get audienceCount(): number {
    return this.#index.audienceCount;
  }

  /** See {@link Outboxes.writes}. */
  get writes(): Outboxes["writes"] {
    return this.#outboxes.writes;
  }

  /**
   * Replaces the collections; the next event is decided by the new ones. Clients whose auth collection is gone, or has
   * another secret, are guests from now on.
   * @returns what the authors of the rules should know
   */
  setCollections(collections: CollectionSet): readonly RuleWarning[] {
    for (const { id, type, authSecret } of this.#rulebook.collections) {
      const collection = collections.find(id);
      const hasNewSecret = authSecret !== undefined && collection?.authSecret !== authSecret;
      if (type !== "auth" || (collection !== undefined && !hasNewSecret)) continue;
      this.#bound.releaseAll(id);
    }
    this.#rulebook = new Rulebook(collections, this.#context.records);
    this.#epoch += 1;
    return this.#rulebook.access.warnings();
  }

  /** See {@link CollectionAccess.follows}. */
  follows(): ReadonlySet<string> {
    return this.#rulebook.access.follows();
  }

  /** Takes in a client, as a guest without subscriptions. */
  add(clientId: string, address: string, sink: ClientSink): void {
    this.#clients.set(clientId, new Client(clientId, address, sink));
  }

  /** Forgets a client; what is in its outbox is dropped. */
  remove(clientId: string): void {
    const client = this.#clients.get(clientId);
    if (client === undefined) return;
    this.#clients.delete(clientId);
    this.#outboxes.forget(client);
    this.#bound.forget(client);
    this.#watchers.remove(client);
    for (const subscription of client.subscriptions.values()) this.#index.remove(client, subscription);
  }

  /** A client's sink takes bytes again. */
  unblock(clientId: string): void {
    const client = this.#clients.get(clientId);
    if (client !== undefined) this.#outboxes.unblock(client);
  }

  find(clientId: string): Client | undefined {
    return this.#clients.get(clientId);
  }

  /**
   * Sets a client's identity and subscriptions in one step, unless a newer change was applied.
   * @returns false where there is no such client
   */
  apply(clientId: string, { version, identity, subscriptions }: ClientChange): boolean {
    const client = this.#clients.get(clientId);
    if (client === undefined) return false;
    if (client.version > version) return true;
    const wanted = new Map(
      subscriptions.map((raw) => [raw, client.subscriptions.get(raw) ?? parseSubscription(raw)]),
    );
    for (const [raw, subscription] of client.subscriptions) {
      if (!wanted.has(raw)) this.#index.remove(client, subscription);
    }
    const isGood = this.#bound.bind(client, identity);
    for (const [raw, subscription] of wanted) {
      if (client.subscriptions.has(raw)) this.#index.move(client, subscription);
      else this.#index.add(client, subscription);
    }
    client.version = version;
    client.subscriptions = wanted;
    this.#watchers.update(client);
    if (client.isHeld) this.#epoch += 1;
    if (!isGood) this.#context.onReleased([clientId], identityKey(identity));
    return true;
  }

  /**
   * Puts loaded rows in their collection's place, as {@link RecordStore.finish} does. Who is bound to one of them is decided
   * by it from now on.
   */
  finishLoad(collectionId: string, load: RecordLoad): boolean {
    const isFinished = this.#context.records.finish(collectionId, load);
    this.#bound.refreshAll(collectionId);
    return isFinished;
  }

  /** Forgets the rows of a collection, as {@link RecordStore.drop} does. Who is bound to one is what the token says then. */
  dropRecords(collectionId: string): void {
    this.#context.records.drop(collectionId);
    this.#bound.refreshAll(collectionId);
  }

  /**
   * Sends a client one frame under one of its subscriptions and drops the subscription.
   * @returns false where there is no such client
   */
  sendLast(clientId: string, subscription: string, data: string): boolean {
    const client = this.#clients.get(clientId);
    if (client === undefined) return false;
    const dropped = client.subscriptions.get(subscription);
    if (dropped !== undefined) {
      this.#outboxes.put(client, { bytes: encodeFrame({ event: subscription, data }), subject: undefined });
      this.#context.onDelivered(1);
      this.#index.remove(client, dropped);
      client.subscriptions = new Map([...client.subscriptions].filter(([raw]) => raw !== subscription));
    }
    return true;
  }

  /**
   * Keeps a client's frames back until {@link endHold}: it is to have older ones first. Called right behind
   * {@link apply}.
   */
  hold(clientId: string): void {
    const client = this.#clients.get(clientId);
    if (client !== undefined) this.#outboxes.hold(client);
  }

  /**
   * Sends a held client what it missed, and what was kept back behind it.
   * @param frames what it missed; however many bytes, they are sent
   * @param had what the client has had with them; frames that were kept back and are not behind it are dropped
   */
  endHold(clientId: string, frames: readonly Frame[], had?: Cursor): void {
    const client = this.#clients.get(clientId);
    if (client === undefined) return;
    this.#outboxes.endHold(client, frames, had);
    this.#context.onDelivered(frames.length);
  }

  /** Whether a client has been sent all that was dispatched to it, and is sent what comes. */
  isSettled(clientId: string): boolean {
    return this.#clients.get(clientId)?.isSettled === true;
  }

  /** Sends nothing more to clients who have subscribed: what comes now lies behind a gap. */
  seal(): void {
    for (const client of this.#clients.values()) if (client.version > 0) client.seal();
  }

  /** Begins to find what clients missed, with the rules, identities and subscriptions of now. */
  openReplay(): Replay {
    return new Replay({
      find: (clientId) => this.#clients.get(clientId),
      rulebook: () => this.#rulebook,
      epoch: () => this.#epoch,
      nowMs: this.#context.nowMs,
      maxClientBytes: this.#context.limits.totalBytes / 4,
      maxTotalBytes: this.#context.limits.totalBytes / 4,
    });
  }

  /**
   * Sends a record event to everybody who may see it, as the rows of all collections are at its place in the log: a row
   * that was written is there, one that was deleted goes behind it. Clients that are bound to an auth record have it as it
   * was written, before the event. One whose tokens it ends loses its clients: before the event when its token key has
   * changed, behind it when it was deleted.
   * @param entry the event's place in the log, if it has one
   * @returns how many frames that made; nothing where the collection is unknown: the event reaches nobody
   * @see PocketBase apis/realtime.go bindRealtimeEvents
   */
  dispatchRecord(event: RecordEvent, entry?: string): number | undefined {
    const collection = this.#rulebook.collections.find(event.collection);
    const authCollectionId = authCollectionOf(event, collection);
    if (changesTokenKey(event)) this.#bound.release(authCollectionId, event.record.id, entry);
    // what is not logged is not the same on all nodes
    const followed = entry === undefined ? undefined : collection;
    if (followed !== undefined && event.action !== "delete") this.#put(followed, event);
    const matches = this.#matcher.matchRecord(event, this.#rulebook);
    const sent = matches === undefined ? undefined : this.#send(matches, entry);
    if (followed !== undefined && event.action === "delete") {
      this.#context.records.remove(followed.id, event.record.id);
    }
    if (event.action === "delete") {
      this.#bound.release(authCollectionId, event.record.id, entry);
      // who was proven behind it stays, and its row is gone
      this.#bound.refresh(authCollectionId, event.record.id);
    }
    return sent;
  }

  /**
   * Sends a message to everybody who subscribed to its topic, or to one of them.
   * @returns how many frames that made
   */
  dispatchMessage(message: CustomMessage, entry?: string): number {
    return this.#send(
      this.#matcher.matchMessage(message, (clientId) => this.#clients.get(clientId)),
      entry,
    );
  }

  /**
   * Sends one line of JSON to the superusers who watch the nodes; it is not counted as delivered.
   * @param subject see {@link Frame}
   */
  tellWatchers(data: string, subject?: string): void {
    this.#watchers.tell(data, subject, (client, frame) => this.#outboxes.put(client, frame));
  }

  /**
   * Explains what becomes of an event for each of a client's subscriptions, by the rules and rows of now.
   * @param most how many are explained, those of the event's topics first; fewer where that takes long
   * @returns nothing where there is no such client
   */
  explain(
    clientId: string,
    event: RecordEvent | CustomMessage,
    most: number,
  ): readonly SubscriptionExplanation[] | undefined {
    const client = this.#clients.get(clientId);
    const { collections, access } = this.#rulebook;
    const { steadyMs, nowMs } = this.#context;
    const place = { collections, access, nowMs: nowMs(), most, steadyMs };
    return client && explainForClient(event, client, place);
  }

  #send(matches: readonly Match[], entry: string | undefined): number {
    const sent = handOut(matches, entry, (clients, frame) => this.#outboxes.putAll(clients, frame));
    if (sent > 0) this.#context.onDelivered(sent);
    return sent;
  }

  /** Takes in a row; the clients that are bound to it are what it says now. */
  #put({ id, type }: Collection, { record }: RecordEvent): void {
    const { records } = this.#context;
    const wasAtHand = records.has(id);
    records.put(id, record);
    if (type !== "auth" || !wasAtHand) return;
    // one row too many, and none is at hand
    if (records.has(id)) this.#bound.refresh(id, record.id);
    else this.#bound.refreshAll(id);
  }

  /** Puts clients where they belong now: what the rules read of them has changed. */
  #moveAll(clients: readonly Client[]): void {
    for (const client of clients) this.#watchers.update(client);
    // one that is moved costs about as much as three that are found anew
    if (clients.length >= manyClients && clients.length * 3 > this.#clients.size) this.#index.moveAll();
    else {
      for (const client of clients) {
        for (const subscription of client.subscriptions.values()) this.#index.move(client, subscription);
      }
    }
    if (clients.some(({ isHeld }) => isHeld)) this.#epoch += 1;
  }
}
