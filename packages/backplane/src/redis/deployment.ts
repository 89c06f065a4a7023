import type { LoggedEvent } from "@sluice/protocol";
import type { Redis } from "ioredis";
import type { FollowedCollection, LogEntry, SeededRow } from "../backplane.ts";
import { logTrimmed } from "../log-trimmed.ts";
import { connectRedis } from "./connection.ts";
import { appendEvents } from "./event-append.ts";
import { readKeptRows, seededField } from "./kept-rows.ts";
import { type Keys, keysUnder } from "./keys.ts";
import { entryOf, readEntries } from "./log-reader.ts";
import { checkRecords, type RecordsCheck } from "./records-check.ts";
import { readRedisState, type RedisState } from "./redis-state.ts";
import type { RedisUrl } from "./redis-url.ts";
import { seedRows } from "./seeding.ts";
import { readStoredCollections, storeCollections } from "./stored-collections.ts";
import { unavailable } from "./unavailable.ts";

const silenceMs = 30_000;

/** How long a read of the log waits for entries; shorter than the silence after which Redis is lost. */
const blockMs = 10_000;

/** Entries per read. */
const batchEntries = 500;

/** A client as the directory has it. */
export interface DirectoryClient {
  /** As `<collection id>/<record id>`; empty for a guest. */
  readonly identity: string;
  readonly subscriptions: readonly string[];
}

/** Where a reading of the log begins, and whether it ends. */
export interface LogWalk {
  /** The entry behind which it begins; `0-0` for the oldest that there is. */
  readonly from: string;
  /** Whether it waits for what is yet to be written. */
  readonly follow: boolean;
}

/**
 * Opens what a deployment has in Redis, for those who look after it and are no node.
 * @throws {BackplaneError} `unavailable` where Redis cannot be reached within ten seconds, or refuses
 */
export async function openDeployment(url: RedisUrl, keyPrefix: string): Promise<Deployment> {
  const keys = keysUnder(keyPrefix);
  const redis = await connectRedis(url, { name: "sluice-deployment", silenceMs, key: keys.log });
  return new Deployment(redis, keys);
}

/** What a deployment has in Redis. Everything throws a {@link BackplaneError} where Redis does not do it. */
export class Deployment {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** See `Backplane.append`. */
  append(events: readonly LoggedEvent[]): Promise<readonly string[]> {
    return this.#command(() => appendEvents(this.#redis, this.#keys.all, events));
  }

  /**
   * Publishes an event in its channel: now or never.
   * @param collection whose record it is about; nothing for a message
   * @returns how many nodes heard it; in a cluster those only that listen where this is connected
   */
  publish(text: string, collection: string | undefined): Promise<number> {
    const { records, messages } = this.#keys;
    const channel = collection === undefined ? messages : `${records}${collection}`;
    return this.#command(() => this.#redis.publish(channel, text));
  }

  /** The log's newest entry; `0-0` where there is none. */
  logEnd(): Promise<string> {
    return this.#command(async () => {
      const [last] = await this.#redis.xrevrange(this.#keys.log, "+", "-", "COUNT", 1);
      return last?.[0] ?? "0-0";
    });
  }

  /** The entry that a cursor names; nothing where the log does not have it. */
  readEntry(cursor: string): Promise<LogEntry | undefined> {
    const range = { from: cursor, to: cursor, count: 1 };
    return this.#command(async () => (await readEntries(this.#redis, this.#keys.log, range))[0]);
  }

  /** Reads the log in order, some entries at a time; who follows it needs a deployment of its own: its reads block. */
  async *readLog({ from, follow }: LogWalk): AsyncGenerator<readonly LogEntry[]> {
    for (let position = from; ;) {
      const entries = await this.#command(() => this.#readBehind(position, follow ? blockMs : 1));
      const last = entries.at(-1);
      if (last !== undefined) yield entries;
      else if (!follow) return;
      position = last?.cursor ?? position;
    }
  }

  async #readBehind(position: string, waitMs: number): Promise<readonly LogEntry[]> {
    const { log } = this.#keys;
    const [[anchor], reply] = await Promise.all([
      this.#redis.xrange(log, position, position),
      this.#redis.xread("COUNT", batchEntries, "BLOCK", waitMs, "STREAMS", log, position),
    ]);
    if (anchor === undefined && position !== "0-0") throw logTrimmed();
    return (reply?.[0]?.[1] ?? []).map(entryOf);
  }

  /** A client that is connected to any node; nothing where there is none of that id. */
  readClient(id: string): Promise<DirectoryClient | undefined> {
    return this.#command(async () => {
      const fields = ["node", "identity", "subscriptions"];
      const [node, identity, subscriptions] = await this.#redis.hmget(this.#keys.client(id), ...fields);
      if (!node) return undefined;
      const list: unknown = JSON.parse(subscriptions ?? "[]");
      return { identity: identity ?? "", subscriptions: Array.isArray(list) ? list.map(String) : [] };
    });
  }

  /** See `Backplane.readCollections`. */
  readCollections(): Promise<ReadonlyMap<string, string>> {
    return this.#command(() => readStoredCollections(this.#redis, this.#keys.collections));
  }

  /** See {@link storeCollections}. */
  storeCollections(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    return this.#command(() => storeCollections(this.#redis, this.#keys.collections, changes));
  }

  /** The collections whose rows are kept, and whether they are seeded. */
  readFollowed(): Promise<readonly (FollowedCollection & { readonly seeded: boolean })[]> {
    return this.#command(async () => {
      const entries = Object.entries(await this.#redis.hgetall(this.#keys.followed));
      const names = [...new Set(entries.map(([, name]) => name))];
      return Promise.all(
        names.map(async (name) => ({
          name,
          id: entries.find(([key, of]) => of === name && key !== name)?.[0] ?? name,
          seeded: (await this.#redis.hget(this.#keys.rows(name), seededField)) !== null,
        })),
      );
    });
  }

  /** See `Backplane.readRecords`. */
  readRecords(collection: string, take: (id: string, json: string) => void): Promise<string | undefined> {
    return this.#command(() => readKeptRows(this.#redis, this.#keys.rows(collection), take));
  }

  /** See `Backplane.seedRecords`. */
  seed(collection: FollowedCollection, rows: AsyncIterable<SeededRow>): Promise<number> {
    return seedRows(this.#redis, this.#keys, { collection, rows });
  }

  /** Compares the kept rows of a collection with the log. */
  check(collection: FollowedCollection): Promise<RecordsCheck> {
    return this.#command(() => checkRecords(this.#redis, this.#keys, collection));
  }

  /** What this Redis is. */
  readState(): Promise<RedisState> {
    return this.#command(() => readRedisState(this.#redis, this.#keys.log));
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
