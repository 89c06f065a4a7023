import type { Redis } from "ioredis";
import type { FollowedCollection, SeededRow } from "../backplane.ts";
import { connectRedis } from "./connection.ts";
import { type Keys, keysUnder } from "./keys.ts";
import { checkRecords, type RecordsCheck } from "./records-check.ts";
import type { RedisUrl } from "./redis-url.ts";
import { seedRows } from "./seeding.ts";
import { unavailable } from "./unavailable.ts";

const silenceMs = 30_000;

/**
 * Opens the kept rows of a deployment for those who look after them and are no node.
 * @throws {BackplaneError} `unavailable` where Redis cannot be reached within ten seconds, or refuses
 */
export async function openRecordKeeper(url: RedisUrl, keyPrefix: string): Promise<RecordKeeper> {
  const keys = keysUnder(keyPrefix);
  const redis = await connectRedis(url, { name: "sluice-records", silenceMs, key: keys.log });
  return new RecordKeeper(redis, keys);
}

/** The kept rows of a deployment. Everything throws a {@link BackplaneError} where Redis does not do it. */
export class RecordKeeper {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** A stored collection as JSON, if there is one of that name. */
  readCollection(name: string): Promise<string | undefined> {
    return this.#command(async () => (await this.#redis.hget(this.#keys.collections, name)) ?? undefined);
  }

  /** The collections whose rows are kept, seeded or not. */
  readFollowed(): Promise<readonly FollowedCollection[]> {
    return this.#command(async () => {
      const entries = Object.entries(await this.#redis.hgetall(this.#keys.followed));
      const names = [...new Set(entries.map(([, name]) => name))];
      return names.map((name) => ({
        name,
        id: entries.find(([key, of]) => of === name && key !== name)?.[0] ?? name,
      }));
    });
  }

  /** See `Backplane.seedRecords`. */
  seed(collection: FollowedCollection, rows: AsyncIterable<SeededRow>): Promise<number> {
    return seedRows(this.#redis, this.#keys, { collection, rows });
  }

  /** Compares the kept rows of a collection with the log. */
  check(collection: FollowedCollection): Promise<RecordsCheck> {
    return this.#command(() => checkRecords(this.#redis, this.#keys, collection));
  }

  close(): void {
    this.#redis.disconnect();
  }

  async #command<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw unavailable(error);
    }
  }
}
