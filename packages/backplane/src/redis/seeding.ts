import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import type { FollowedCollection, SeededRow } from "../backplane.ts";
import { BackplaneError } from "../backplane-error.ts";
import { logTrimmed } from "../log-trimmed.ts";
import { CollectionLog } from "./collection-log.ts";
import type { Keys } from "./keys.ts";
import { endOfLog } from "./log-reader.ts";
import { batchesOf } from "./row-batches.ts";
import { Script } from "./script.ts";
import { unavailable } from "./unavailable.ts";

const endScript = new Script<readonly [outcome: "seeded" | "behind" | "trimmed" | "lost", rows: number]>(
  "end-seeding.lua",
);

/**
 * How many entries of the log the last step looks at, for which Redis does nothing else: about 5 ms, and where writers are
 * so fast that more are left each time, twice as many, 0.2 s at most.
 */
const lastEntries = { least: 500, most: 16_000 };

/** How long a seeding is kept that does not go on: its process may be dead, or its first row long in coming. */
const lifeMs = 3_600_000;

/** What is seeded. */
export interface SeedingRequest {
  readonly collection: FollowedCollection;
  readonly rows: AsyncIterable<SeededRow>;
}

/**
 * Replaces the kept rows of a collection; see `Backplane.seedRecords`. What `rows` throws is thrown as it is.
 *
 * The rows gather in a hash of the seeding's own, and go in the place of the others in one step, so that a seeding that
 * fails has changed nothing. Into that hash go the given rows and, over them, what the log says; from the moment in which it
 * begins, writers keep the rows of the collection in step with the log, so what is written while the last step comes is
 * found among the rows that it replaces. Writers need not know of it.
 * @throws {BackplaneError} `unavailable`
 */
export async function seedRows(
  redis: Redis,
  keys: Keys,
  { collection, rows }: SeedingRequest,
): Promise<number> {
  let fault: unknown;
  const batches = batchesOf(rows, (error) => (fault = error));
  const token = randomBytes(12).toString("base64url");
  const hash = keys.seeding(collection.name, token);
  try {
    await follow(redis, keys.followed, collection);
    await redis.multi().hset(hash, "@seeding", token).pexpire(hash, lifeMs).exec();
    const begin = await endOfLog(redis, keys.log);
    const seeding = new Seeding(redis, { keys, collection, begin, token, hash });
    for await (const batch of batches) await seeding.put(batch);
    return await seeding.end();
  } catch (error) {
    // it expires where it cannot be dropped
    await redis.unlink(hash).catch(() => undefined);
    throw error === fault ? error : unavailable(error);
  }
}

/** From now on the rows are kept: under the name, and no other id than this. */
async function follow(redis: Redis, key: string, { name, id }: FollowedCollection): Promise<void> {
  await redis.hset(key, id, name, name, name);
  const followed = await redis.hgetall(key);
  const others = Object.keys(followed).filter(
    (other) => followed[other] === name && other !== name && other !== id,
  );
  if (others.length > 0) await redis.hdel(key, ...others);
}

interface SeedingContext {
  readonly keys: Keys;
  readonly collection: FollowedCollection;
  readonly begin: string;
  readonly token: string;
  readonly hash: string;
}

class Seeding {
  readonly #redis: Redis;
  readonly #context: SeedingContext;
  readonly #log: CollectionLog;
  /** The rows that the log has told of: as many as were written in its time and while this goes on. */
  readonly #logged = new Set<string>();

  constructor(redis: Redis, context: SeedingContext) {
    const { keys, collection, begin } = context;
    this.#redis = redis;
    this.#context = context;
    this.#log = new CollectionLog(redis, keys.log, { collection, begin });
  }

  /** Takes rows in, but for those of which the log knows better. */
  async put(rows: readonly SeededRow[]): Promise<void> {
    // also where rows are slow to come the log is read before it is trimmed
    await this.#followLog();
    await this.#write(rows.filter(([id]) => !this.#logged.has(id)));
  }

  /** @returns how many rows there are now */
  async end(): Promise<number> {
    await this.#write([]);
    for (let left = lastEntries.least; ; left = Math.min(left * 2, lastEntries.most)) {
      await this.#followLog();
      const [outcome, rows] = await this.#tryEnd(left);
      if (outcome === "seeded") return rows;
      if (outcome === "trimmed") throw logTrimmed();
      if (outcome === "lost") throw new BackplaneError("the seeding was lost: expected its rows sooner");
    }
  }

  #tryEnd(mostEntries: number): ReturnType<typeof endScript.run> {
    const { keys, collection, token, hash } = this.#context;
    return endScript.run(
      this.#redis,
      [hash, keys.rows(collection.name), keys.log],
      [collection.name, collection.id, token, this.#log.position, mostEntries, keys.seeded],
    );
  }

  #followLog(): Promise<void> {
    return this.#log.readTo(undefined, async (rows) => {
      const last = new Map(rows.map(({ id, json }) => [id, json]));
      for (const id of last.keys()) this.#logged.add(id);
      const gone = [...last].filter(([, json]) => json === undefined).map(([id]) => id);
      await this.#write([...last].flatMap(([id, json]) => (json === undefined ? [] : [[id, json] as const])));
      if (gone.length > 0) await this.#redis.hdel(this.#context.hash, ...gone);
    });
  }

  async #write(rows: readonly SeededRow[]): Promise<void> {
    const { hash } = this.#context;
    if (rows.length > 0) await this.#redis.hset(hash, ...rows.flat());
    await this.#redis.pexpire(hash, lifeMs);
  }
}
