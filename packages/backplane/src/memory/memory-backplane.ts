import { guest, identityKey } from "@sluice/protocol";
import type {
  Backplane,
  ClientState,
  LastFrame,
  LastFrameOutcome,
  NodeHandlers,
  SubscribeOutcome,
  SubscriptionChange,
} from "../backplane.ts";
import { CursorSequence } from "./cursor-sequence.ts";

/**
 * The embedded backplane: one node and no Redis. What the Redis one does between processes happens here in place,
 * with the same outcomes.
 */
export class MemoryBackplane implements Backplane {
  readonly nodeId = "embedded";
  readonly connected = true;
  readonly #handlers: NodeHandlers;
  readonly #cursors = new CursorSequence();
  readonly #clients = new Map<string, ClientState>();
  readonly #collections = new Map<string, string>();
  #ticket = 0;

  constructor(handlers: NodeHandlers) {
    this.#handlers = handlers;
  }

  append(events: readonly string[]): Promise<readonly string[]> {
    const cursors = events.map((text) => {
      const cursor = this.#cursors.next(Date.now());
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

  unregister(clientId: string): Promise<void> {
    this.#clients.delete(clientId);
    return Promise.resolve();
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
    if (client.version > ticket) return "live";
    this.#clients.set(clientId, { address: client.address, identity, subscriptions, version: ticket });
    const outcome = this.#handlers.apply({ clientId, version: ticket, identity, subscriptions });
    return outcome === "applied" ? "live" : outcome;
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

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function sameAddress(client: ClientState, address: string): boolean {
  return address === "" || client.address === "" || client.address === address;
}
