import { type AuthRecord, guest, type Identity } from "@sluice/protocol";
import type { Client } from "./client.ts";
import { type AuthRows, currentIdentity, isProvenBehind, isRevoked, provenNow } from "./current-identity.ts";

/** What bound clients work with. */
export interface BoundClientsContext {
  readonly records: AuthRows;
  /** The entry of the log at which the rows are; empty before the first. */
  readonly position: () => string;
  /** Takes clients whose identity is another one now, or reads otherwise. */
  readonly onMoved: (clients: readonly Client[]) => void;
  /** Tells that clients have lost their identity, as `<collection id>/<record id>`, and are guests now. */
  readonly onReleased: (clientIds: readonly string[], identity: string) => void;
}

/**
 * Which clients are bound to which auth record, so that a change of the record finds them. Each has the identity that its
 * record's row gives it now, where the rows of its collection are at hand.
 */
export class BoundClients {
  readonly #context: BoundClientsContext;
  readonly #byIdentity = new Map<string, Set<Client>>();
  /** What the clients were bound to: what their tokens say. */
  readonly #bindings = new Map<Client, AuthRecord>();

  constructor(context: BoundClientsContext) {
    this.#context = context;
  }

  /**
   * Binds a client to an identity, and looses it from the one before.
   * @returns false where the identity is good no more: the client is a guest
   */
  bind(client: Client, identity: Identity): boolean {
    const { records, position } = this.#context;
    this.forget(client);
    client.identity = guest;
    if (identity.kind === "guest") return true;
    if (isRevoked(identity, records, position())) return false;
    const binding = provenNow(identity, records, position());
    const key = keyOf(identity.collectionId, identity.id);
    const clients = this.#byIdentity.get(key) ?? new Set<Client>();
    this.#byIdentity.set(key, clients.add(client));
    this.#bindings.set(client, binding);
    client.identity = currentIdentity(binding, records);
    return true;
  }

  /** Gives all clients that are bound to an auth record the identity that its row gives them now. */
  refresh(collectionId: string, recordId: string): void {
    this.#refreshKeys([keyOf(collectionId, recordId)]);
  }

  /** Does so for all records of an auth collection. */
  refreshAll(collectionId: string): void {
    this.#refreshKeys(this.#keysOf(collectionId));
  }

  /**
   * Makes guests of the clients that are bound to an auth record.
   * @param entry the entry that ends its tokens; who was proven behind it keeps the identity
   */
  release(collectionId: string, recordId: string, entry?: string): void {
    this.#releaseKeys([keyOf(collectionId, recordId)], entry);
  }

  /** Does so for all records of an auth collection. */
  releaseAll(collectionId: string): void {
    this.#releaseKeys(this.#keysOf(collectionId));
  }

  /** Forgets a client, which keeps its identity. */
  forget(client: Client): void {
    const binding = this.#bindings.get(client);
    if (binding === undefined) return;
    this.#bindings.delete(client);
    const key = keyOf(binding.collectionId, binding.id);
    const clients = this.#byIdentity.get(key);
    clients?.delete(client);
    if (clients?.size === 0) this.#byIdentity.delete(key);
  }

  #refreshKeys(keys: readonly string[]): void {
    this.#settle(keys, (client, binding) => this.bind(client, binding));
  }

  #releaseKeys(keys: readonly string[], entry?: string): void {
    this.#settle(keys, (client, binding) => {
      const isKept = isProvenBehind(binding, entry);
      if (!isKept) this.bind(client, guest);
      return isKept;
    });
  }

  /**
   * Settles anew what the clients of some identities are, and tells.
   * @param keep returns false where a client is a guest now
   */
  #settle(keys: readonly string[], keep: (client: Client, binding: AuthRecord) => boolean): void {
    const moved: Client[] = [];
    const released = new Map<string, string[]>();
    for (const key of keys) {
      const lost: string[] = [];
      // the set changes with each of them
      const clients = [...(this.#byIdentity.get(key) ?? [])];
      for (const client of clients) {
        const binding = this.#bindings.get(client);
        if (binding === undefined) continue;
        moved.push(client);
        if (!keep(client, binding)) lost.push(client.id);
      }
      if (lost.length > 0) released.set(key, lost);
    }
    if (moved.length > 0) this.#context.onMoved(moved);
    for (const [identity, clientIds] of released) this.#context.onReleased(clientIds, identity);
  }

  #keysOf(collectionId: string): readonly string[] {
    const start = keyOf(collectionId, "");
    return [...this.#byIdentity.keys()].filter((key) => key.startsWith(start));
  }
}

/** As `identityKey` writes it. */
function keyOf(collectionId: string, recordId: string): string {
  return `${collectionId}/${recordId}`;
}
