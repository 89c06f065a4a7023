import {
  type Collection,
  CollectionSet,
  type CustomMessage,
  encodeFrame,
  type Identity,
  parseSubscription,
  type RecordEvent,
  superusers,
  topicOf,
} from "@sluice/protocol";
import { type DenialReason, denyByRule, prepareMessageRule, requestValues } from "./access.ts";
import type { Frame } from "./batch.ts";
import { BoundClients } from "./bound-clients.ts";
import { Client, type ClientSink } from "./client.ts";
import { CollectionAccess, type RuleWarning } from "./collection-access.ts";
import { EventEncoder } from "./event-encoder.ts";
import { Outboxes, type OutboxesContext } from "./outboxes.ts";
import { RecordDecisions } from "./record-decisions.ts";
import { recordTopics } from "./record-topics.ts";
import type { SubscriberGroup, TopicGuard } from "./subscriber-group.ts";
import { SubscriptionIndex } from "./subscription-index.ts";
import type { View } from "./view.ts";

/** What a hub needs from the process around it. */
export interface HubContext extends OutboxesContext {
  /** Unix milliseconds, for rules that read the clock. */
  readonly nowMs: () => number;
  /** Counts a frame that was put into an outbox. */
  readonly onDelivered: (frames: number) => void;
  /** Counts subscribers of a topic who may not have an event. */
  readonly onDenied: (reason: DenialReason, topic: string, subscribers: number) => void;
  /** Tells that clients have lost their identity and are guests now. */
  readonly onReleased: (clientIds: readonly string[], identity: string) => void;
}

/** A client's whole set of subscriptions, and the ticket of the request that set it. */
export interface ClientChange {
  readonly version: number;
  readonly identity: Identity;
  readonly subscriptions: readonly string[];
}

/** The clients of this node: finds who may have an event, encodes it once per view, and puts it into their outboxes. */
export class Hub {
  readonly #context: HubContext;
  readonly #clients = new Map<string, Client>();
  readonly #index = new SubscriptionIndex();
  readonly #bound = new BoundClients();
  #collections = new CollectionSet();
  #access = new CollectionAccess(new CollectionSet());
  readonly #outboxes: Outboxes;

  constructor(context: HubContext) {
    this.#context = context;
    this.#outboxes = new Outboxes(context);
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** Bytes that wait for clients who take none. */
  get waitingBytes(): number {
    return this.#outboxes.waitingBytes;
  }

  get subscriptionCount(): number {
    return this.#index.size;
  }

  /**
   * Replaces the collections; the next event is decided by the new ones. Clients whose auth collection is gone are
   * guests from now on.
   * @returns what the authors of the rules should know
   */
  setCollections(collections: CollectionSet): readonly RuleWarning[] {
    for (const { id, type } of this.#collections) {
      if (type !== "auth" || collections.find(id) !== undefined) continue;
      for (const recordId of this.#bound.recordsOf(id)) this.#release(id, recordId);
    }
    this.#collections = collections;
    this.#access = new CollectionAccess(collections);
    return this.#access.warnings();
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
    this.#bound.bind(client, identity);
    for (const [raw, subscription] of wanted) {
      if (client.subscriptions.has(raw)) this.#index.move(client, subscription);
      else this.#index.add(client, subscription);
    }
    client.version = version;
    client.subscriptions = wanted;
    return true;
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
   * Sends a record event to everybody who may see it. An auth record whose tokens it ends loses its clients: before
   * the event when its token key has changed, behind it when it was deleted.
   * @param cursor the event's place in the log, if it has one
   * @returns false where the collection is unknown: the event reaches nobody
   * @see PocketBase apis/realtime.go bindRealtimeEvents
   */
  dispatchRecord(event: RecordEvent, cursor?: string): boolean {
    const collection = this.#collections.find(event.collection);
    const authCollectionId = authCollectionOf(event, collection);
    if (changesTokenKey(event)) this.#release(authCollectionId, event.record.id);
    if (collection !== undefined) this.#sendRecord(event, collection, cursor);
    if (event.action === "delete") this.#release(authCollectionId, event.record.id);
    return collection !== undefined;
  }

  /** Sends a message to everybody who subscribed to its topic, or to one of them. */
  dispatchMessage({ topic, data, rule, clientId }: CustomMessage, cursor?: string): void {
    const access = prepareMessageRule(rule);
    for (const { subscription, clients } of this.#index.find(topicOf(topic))?.all ?? []) {
      // a topic with a query of its own names fewer subscriptions than its topic part
      if (!`${subscription.raw}?`.startsWith(`${topic}?`)) continue;
      const bytes = encodeFrame({ event: subscription.raw, data, id: cursor });
      const frame = { bytes, subject: undefined };
      for (const client of clients) {
        if (clientId !== undefined && clientId !== client.id) continue;
        const { identity } = client;
        const request = requestValues(identity, subscription.options);
        const subject = { record: {}, request, nowMs: this.#context.nowMs() };
        const denial = identity.kind === "superuser" ? undefined : denyByRule(access, subject);
        if (denial === undefined) {
          this.#outboxes.put(client, frame);
          this.#context.onDelivered(1);
        } else this.#context.onDenied(denial, subscription.topic, 1);
      }
    }
  }

  #sendRecord(event: RecordEvent, collection: Collection, cursor: string | undefined): void {
    const { record } = event;
    const dispatch = {
      encoder: new EventEncoder(collection, event),
      nowMs: this.#context.nowMs(),
      record,
      cursor,
    };
    for (const { topic, rule } of recordTopics(collection, record.id)) {
      const groups = this.#index.find(topic);
      if (groups === undefined) continue;
      const guard = { access: this.#access, collection, rule };
      let asked = 0;
      const subject = { record, request: { query: {}, headers: {} }, nowMs: dispatch.nowMs };
      for (const group of groups.find(guard, subject)) {
        this.#sendToGroup(group, guard, dispatch);
        asked += group.clients.size;
      }
      if (asked < groups.size) this.#context.onDenied("filter", topic, groups.size - asked);
    }
  }

  #sendToGroup(
    group: SubscriberGroup,
    guard: TopicGuard,
    { encoder, record, nowMs, cursor }: RecordDispatch,
  ): void {
    const { subscription, pickFields, clients } = group;
    const { topic, raw, options } = subscription;
    const decisions = new RecordDecisions({ guard, record, nowMs }, subscription);
    const frames = new Map<View, Frame>();
    const encode = (view: View): Frame => ({
      bytes: encodeFrame({ event: raw, data: encoder.encode(view, pickFields), id: cursor }),
      subject: `${raw}\n${record.id}`,
    });
    let asked = 0;
    const subject = { record, request: { query: options.query, headers: options.headers }, nowMs };
    for (const audience of group.audiencesOf(guard).find(subject)) {
      asked += audience.clients.size;
      const { denial, isManager } = decisions.decide(audience.identity);
      if (denial !== undefined) {
        this.#context.onDenied(denial, topic, audience.clients.size);
        continue;
      }
      for (const client of audience.clients) {
        const view = encoder.viewOf(client.identity, isManager);
        const frame = frames.get(view) ?? encode(view);
        frames.set(view, frame);
        this.#outboxes.put(client, frame);
      }
      this.#context.onDelivered(audience.clients.size);
    }
    if (asked < clients.size) this.#context.onDenied("rule", topic, clients.size - asked);
  }

  #release(collectionId: string, recordId: string): void {
    const released = this.#bound.release(collectionId, recordId);
    if (released.length === 0) return;
    for (const client of released) {
      for (const subscription of client.subscriptions.values()) this.#index.move(client, subscription);
    }
    const clientIds = released.map(({ id }) => id);
    this.#context.onReleased(clientIds, `${collectionId}/${recordId}`);
  }
}

/** What one event brings to every group of subscribers. */
interface RecordDispatch {
  readonly encoder: EventEncoder;
  readonly record: RecordEvent["record"];
  readonly nowMs: number;
  readonly cursor: string | undefined;
}

/** The collection id that identities of an event's record have; an auth collection need not be known. */
function authCollectionOf({ collection: key }: RecordEvent, collection: Collection | undefined): string {
  return collection?.id ?? (key === superusers.name ? superusers.id : key);
}

/** A new token key ends the tokens that the old one signed; a writer that leaves it out says nothing of it. */
function changesTokenKey({ action, record, before }: RecordEvent): boolean {
  const [old, current] = [before?.["tokenKey"], record["tokenKey"]];
  return action === "update" && old !== undefined && current !== undefined && old !== current;
}
