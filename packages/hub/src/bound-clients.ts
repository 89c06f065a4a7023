import { guest, type Identity, identityKey } from "@sluice/protocol";
import type { Client } from "./client.ts";

/** Which clients are bound to which auth record, so that a change of the record finds them. */
export class BoundClients {
  readonly #byIdentity = new Map<string, Set<Client>>();

  /** Binds a client to an identity, and looses it from the one before. */
  bind(client: Client, identity: Identity): void {
    this.forget(client);
    client.identity = identity;
    if (identity.kind === "guest") return;
    const key = identityKey(identity);
    const clients = this.#byIdentity.get(key) ?? new Set<Client>();
    this.#byIdentity.set(key, clients.add(client));
  }

  /** Makes guests of all clients that are bound to an auth record, and returns them. */
  release(collectionId: string, recordId: string): readonly Client[] {
    const clients = this.clientsOf(collectionId, recordId);
    for (const client of clients) this.bind(client, guest);
    return clients;
  }

  /** The clients that are bound to an auth record. */
  clientsOf(collectionId: string, recordId: string): readonly Client[] {
    return [...(this.#byIdentity.get(`${collectionId}/${recordId}`) ?? [])];
  }

  /** The ids of an auth collection's records that clients are bound to. */
  recordsOf(collectionId: string): readonly string[] {
    const start = `${collectionId}/`;
    const keys = [...this.#byIdentity.keys()].filter((key) => key.startsWith(start));
    return keys.map((key) => key.slice(start.length));
  }

  /** Forgets a client, which keeps its identity. */
  forget(client: Client): void {
    const key = identityKey(client.identity);
    const clients = this.#byIdentity.get(key);
    if (clients === undefined) return;
    clients.delete(client);
    if (clients.size === 0) this.#byIdentity.delete(key);
  }
}
