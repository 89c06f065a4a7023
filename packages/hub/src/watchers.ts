import { encodeFrame } from "@sluice/protocol";
import type { Client } from "./client.ts";
import type { Frame } from "./batch.ts";

/** The subscription that superusers watch nodes by. */
const watching = "@stats";

/** The superusers of this node who watch the nodes. Whoever else subscribes to the same string is not looked at. */
export class Watchers {
  readonly #clients = new Set<Client>();

  get size(): number {
    return this.#clients.size;
  }

  /** Notes what a client is and has subscribed to now. */
  update(client: Client): void {
    if (client.identity.kind === "superuser" && client.subscriptions.has(watching)) this.#clients.add(client);
    else this.#clients.delete(client);
  }

  remove(client: Client): void {
    this.#clients.delete(client);
  }

  /**
   * Sends all of them one line of JSON.
   * @param subject see {@link Frame}
   */
  tell(data: string, subject: string | undefined, put: (client: Client, frame: Frame) => void): void {
    if (this.#clients.size === 0) return;
    const frame = { bytes: encodeFrame({ event: watching, data }), subject };
    for (const client of this.#clients) put(client, frame);
  }
}
