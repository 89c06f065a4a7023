import type { Redis } from "ioredis";
import type { NodeHandlers } from "../backplane.ts";
import type { Keys } from "./keys.ts";

/** How often the connection is asked for a sign of life: a subscriber that hears nothing cannot know that it is cut. */
const pingMs = 2_000;

/** Listens to the writers' channels, to the announcements of collections and to this node's control channel. */
export class ChannelReader {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #control: string;
  #pings: NodeJS.Timeout | undefined;

  /**
   * @param redis a connection of the reader's own: it can do nothing else once it listens
   * @param nodeId whose control channel to listen to
   */
  constructor(redis: Redis, keys: Keys, nodeId: string) {
    this.#redis = redis;
    this.#keys = keys;
    this.#control = keys.node(nodeId);
  }

  /** Listens; returns when Redis has taken the subscriptions. */
  async start(handlers: NodeHandlers, onControl: (text: string) => void): Promise<void> {
    const { messages, collections, records } = this.#keys;
    this.#redis.on("message", (channel: string, text: string) => {
      if (channel === this.#control) onControl(text);
      else if (channel === collections) handlers.collectionsChanged();
      else handlers.event(text, { door: "message" });
    });
    this.#redis.on("pmessage", (_pattern: string, channel: string, text: string) => {
      handlers.event(text, { door: "record", collection: channel.slice(records.length) });
    });
    await this.#redis.subscribe(messages, collections, this.#control);
    await this.#redis.psubscribe(`${records}*`);
    this.#pings = setInterval(() => void this.#redis.ping().catch(() => undefined), pingMs);
  }

  close(): void {
    clearInterval(this.#pings);
    this.#redis.disconnect();
  }
}
