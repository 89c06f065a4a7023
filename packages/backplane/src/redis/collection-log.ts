import { compareEntries, type KeptRow } from "@sluice/protocol";
import type { Redis } from "ioredis";
import type { FollowedCollection } from "../backplane.ts";
import { loggedRow } from "../logged-row.ts";
import { logTrimmed } from "../log-trimmed.ts";
import { readEntries } from "./log-reader.ts";

/** Entries per read. */
const batchEntries = 1_000;

/** Reads what the log says of the rows of one collection, from its oldest entry on. */
export class CollectionLog {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #collection: FollowedCollection;
  readonly #begin: string;
  #position = "-";

  /** @param begin from this entry on the log may not be trimmed before it is read */
  constructor(
    redis: Redis,
    key: string,
    { collection, begin }: { readonly collection: FollowedCollection; readonly begin: string },
  ) {
    this.#redis = redis;
    this.#key = key;
    this.#collection = collection;
    this.#begin = begin;
  }

  /** The last entry that was read. */
  get position(): string {
    return this.#position;
  }

  /**
   * Reads on.
   * @param to the last entry to read, the log's end unless told
   * @param take gets each row, oldest first, some at a time
   * @throws {BackplaneError} `unavailable` where entries were trimmed that had to be read
   */
  async readTo(
    to: string | undefined,
    take: (rows: readonly KeptRow[]) => Promise<void> | void,
  ): Promise<void> {
    for (;;) {
      const from = this.#position;
      const entries = await readEntries(this.#redis, this.#key, { from, to, count: batchEntries + 1 });
      const [first] = entries;
      const isAnchored = first?.cursor === from;
      const isWhole = isAnchored || (first !== undefined && compareEntries(first.cursor, this.#begin) <= 0);
      if (!isWhole) throw logTrimmed();
      const unread = isAnchored ? entries.slice(1) : entries;
      await take(unread.flatMap((entry) => loggedRow(entry, this.#collection) ?? []));
      this.#position = entries.at(-1)?.cursor ?? from;
      if (entries.length <= batchEntries) return;
    }
  }
}
