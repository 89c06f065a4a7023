import type { Redis } from "ioredis";
import type { NodeHandlers } from "../node-handlers.ts";
import type { Keys } from "./keys.ts";
import type { NodeContext } from "./node-context.ts";

/** What a channel reader works with. */
export interface ChannelReaderContext extends Pick<NodeContext, "keys" | "nodeId" | "handlers"> {
  /**
   * How often the channels are taken again. Redis's answer is a sign of life, without which a subscriber that hears
   * nothing cannot know that it is cut, and what was refused once is tried again.
   */
  readonly listenMs: number;
}

/**
 * Listens to the writers' channels, to the announcements of collections and seedings, to this node's control channel and
 * that of all nodes, and to statistics where they are wanted.
 */
export class ChannelReader {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #control: string;
  readonly #handlers: NodeHandlers;
  readonly #listenMs: number;
  #timer: NodeJS.Timeout | undefined;
  #wantsStats = false;
  /** Whether announcements may have been missed; they are looked up once new ones are heard. */
  #wasAway = false;

  /** @param redis a connection of the reader's own: it can do nothing else once it listens */
  constructor(redis: Redis, { keys, nodeId, handlers, listenMs }: ChannelReaderContext) {
    this.#redis = redis;
    this.#keys = keys;
    this.#control = keys.node(nodeId);
    this.#handlers = handlers;
    this.#listenMs = listenMs;
  }

  /** Listens; returns when Redis has taken the subscriptions. */
  async start(onControl: (text: string) => void): Promise<void> {
    const { collections, seeded, records, nodes, stats } = this.#keys;
    this.#redis.on("message", (channel: string, text: string) => {
      if (channel === this.#control || channel === nodes) onControl(text);
      else if (channel === stats) this.#takeStats(text);
      else if (channel === collections) this.#handlers.collectionsChanged();
      else if (channel === seeded) this.#handlers.recordsSeeded(text);
      else this.#handlers.event(text, { door: "message" });
    });
    this.#redis.on("pmessage", (_pattern: string, channel: string, text: string) => {
      this.#handlers.event(text, { door: "record", collection: channel.slice(records.length) });
    });
    await this.#listen();
    this.#redis.on("ready", () => {
      this.#wasAway = true;
      void this.#listenAgain();
    });
    this.#timer = setInterval(() => void this.#listenAgain(), this.#listenMs);
  }

  /** See `Backplane.listenToStats`. */
  async listenToStats(isWanted: boolean): Promise<void> {
    this.#wantsStats = isWanted;
    if (isWanted) await this.#redis.subscribe(this.#keys.stats);
    else await this.#redis.unsubscribe(this.#keys.stats);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#redis.disconnect();
  }

  async #listen(): Promise<void> {
    const { messages, collections, seeded, records, nodes, stats } = this.#keys;
    const wanted = this.#wantsStats ? [stats] : [];
    await Promise.all([
      this.#redis.subscribe(messages, collections, seeded, nodes, this.#control, ...wanted),
      this.#redis.psubscribe(`${records}*`),
    ]);
  }

  /** An empty text only asks who listens. */
  #takeStats(text: string): void {
    if (this.#wantsStats && text !== "") this.#handlers.stats(text);
  }

  async #listenAgain(): Promise<void> {
    try {
      await this.#listen();
      if (!this.#wasAway) return;
      this.#wasAway = false;
      this.#handlers.collectionsChanged();
      this.#handlers.recordsSeeded("*");
    } catch (error) {
      // a connection that is down says so by itself; only what Redis refuses is news
      if (this.#redis.status === "ready") this.#handlers.fault(error, "listening to the channels");
    }
  }
}
