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
    const key = keyOf(collectionId, recordId);
    const clients = [...(this.#byIdentity.get(key) ?? [])];
    const released = clients.filter((client) => {
      const binding = this.#bindings.get(client);
      return binding !== undefined && !this.bind(client, binding);
    });
    this.#tell(clients, released, key);
  }

  /** Does so for all records of an auth collection. */
  refreshAll(collectionId: string): void {
    for (const recordId of this.#recordsOf(collectionId)) this.refresh(collectionId, recordId);
  }

  /**
   * Makes guests of the clients that are bound to an auth record.
   * @param entry the entry that ends its tokens; who was proven behind it keeps the identity
   */
  release(collectionId: string, recordId: string, entry?: string): void {
    const key = keyOf(collectionId, recordId);
    const clients = [...(this.#byIdentity.get(key) ?? [])].filter((client) => {
      const binding = this.#bindings.get(client);
      return binding === undefined || !isProvenBehind(binding, entry);
    });
    for (const client of clients) this.bind(client, guest);
    this.#tell(clients, clients, key);
  }

  /** Does so for all records of an auth collection. */
  releaseAll(collectionId: string): void {
    for (const recordId of this.#recordsOf(collectionId)) this.release(collectionId, recordId);
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

  #tell(moved: readonly Client[], released: readonly Client[], identity: string): void {
    if (moved.length > 0) this.#context.onMoved(moved);
    const clientIds = released.map(({ id }) => id);
    if (clientIds.length > 0) this.#context.onReleased(clientIds, identity);
  }

  #recordsOf(collectionId: string): readonly string[] {
    const start = keyOf(collectionId, "");
    const keys = [...this.#byIdentity.keys()].filter((key) => key.startsWith(start));
    return keys.map((key) => key.slice(start.length));
  }
}

/** As `identityKey` writes it. */
function keyOf(collectionId: string, recordId: string): string {
  return `${collectionId}/${recordId}`;
}
