import type { JsonObject } from "@sluice/protocol";
import type { Redis } from "ioredis";

/** A row with its id. */
export type WrittenRow = JsonObject & { readonly id: string };

/** A writer without our code: it keeps the rows of followed collections with the plain commands that the documents give. */
export class FollowedWriter {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** Stores collections, by name. */
  async collections(collections: readonly (JsonObject & { readonly name: string })[]): Promise<void> {
    const texts = collections.map((collection) => [collection.name, JSON.stringify(collection)] as const);
    await this.#redis.hset(`${this.#prefix}collections`, new Map(texts));
    await this.#redis.publish(`${this.#prefix}collections`, "");
  }

  /** Puts all rows of a collection there, as a seeding leaves them. */
  async seed(collection: string, rows: readonly WrittenRow[]): Promise<void> {
    const texts = rows.map((row) => [row.id, JSON.stringify(row)] as const);
    await this.#redis
      .multi()
      .hset(`${this.#prefix}followed`, collection, collection)
      .hset(`${this.#prefix}records:${collection}`, new Map([...texts, ["@seeded", String(rows.length)]]))
      .exec();
  }

  /**
   * Writes a change of a row into the log and among the kept rows, at once.
   * @returns its cursor
   */
  async write(
    action: "create" | "update" | "delete",
    collection: string,
    record: WrittenRow,
  ): Promise<string> {
    const key = `${this.#prefix}records:${collection}`;
    const event = JSON.stringify({ action, collection, record });
    const transaction = this.#redis.multi();
    if (action === "delete") transaction.hdel(key, record.id);
    else transaction.hset(key, record.id, JSON.stringify(record));
    const replies = await transaction.xadd(`${this.#prefix}log`, "*", "event", event).exec();
    const [error, cursor] = replies?.[1] ?? [];
    if (error !== null && error !== undefined) throw error;
    return String(cursor);
  }
}
