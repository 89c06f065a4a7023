import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { LogEntry, LogExtent } from "../backplane.ts";
import type { NodeHandlers } from "../node-handlers.ts";
import { Script } from "./script.ts";

const findEntryScript = new Script<readonly [first: string, last: string] | null>("find-entry.lua");

/** Entries per read: few enough that one batch does not hold up the streams. */
const batchEntries = 500;

/** The wait before the log is tried again after a fault. */
const retryMs = 200;

/** What a log reader works with. */
export interface LogReaderContext {
  /** The log's key. */
  readonly key: string;
  readonly handlers: NodeHandlers;
  /** How long a read waits for entries; its return is the proof that the connection lives. */
  readonly blockMs: number;
}

/** Reads the whole log in order, from where it ended when the node started, without a gap. */
export class LogReader {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #handlers: NodeHandlers;
  readonly #blockMs: number;
  readonly #closing = new AbortController();
  #position = "";
  #lastReplyMs = performance.now();
  #reading: Promise<void> = Promise.resolve();

  /** @param redis a connection of the reader's own: its reads block */
  constructor(redis: Redis, { key, handlers, blockMs }: LogReaderContext) {
    this.#redis = redis;
    this.#key = key;
    this.#handlers = handlers;
    this.#blockMs = blockMs;
  }

  /** When Redis answered a read last, by the clock of `performance`. */
  get lastReplyMs(): number {
    return this.#lastReplyMs;
  }

  /** Finds the end of the log and begins to read behind it. */
  async start(): Promise<void> {
    this.#position = await endOfLog(this.#redis, this.#key);
    this.#handlers.position(this.#position);
    this.#reading = this.#read();
  }

  /** Stops reading; entries that were read are handed over before it returns. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#redis.disconnect();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { signal } = this.#closing;
    let isAnchored = true;
    while (!signal.aborted) {
      try {
        if (!isAnchored) await this.#checkAnchor();
        isAnchored = await this.#readBatch();
      } catch (error) {
        if (signal.aborted) return;
        // behind a lost connection there may be another Redis, or the same one with another past
        isAnchored = false;
        // a connection that is down says so by itself; only what Redis refuses is news
        if (this.#redis.status === "ready") this.#handlers.fault(error, "reading the log");
        await delay(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Hands over what lies behind the position; false where nothing came in time, or the position is gone. */
  async #readBatch(): Promise<boolean> {
    const [key, position] = [this.#key, this.#position];
    const [[anchor], reply] = await Promise.all([
      // a node that was held up finds a log that was trimmed past its place: what comes then lies behind a gap
      this.#redis.xrange(key, position, position),
      this.#redis.xread("COUNT", batchEntries, "BLOCK", this.#blockMs, "STREAMS", key, position),
    ]);
    this.#lastReplyMs = performance.now();
    if (anchor === undefined) return false;
    const entries = reply?.[0]?.[1] ?? [];
    for (const entry of entries) {
      [this.#position] = entry;
      this.#hand(entryOf(entry));
    }
    return entries.length > 0;
  }

  #hand({ cursor, text }: LogEntry): void {
    if (text === undefined) this.#handlers.position(cursor);
    else this.#handlers.event(text, { door: "log", cursor });
  }

  /** A place that the log no longer has says that entries behind it may be gone too. */
  async #checkAnchor(): Promise<void> {
    const [entry] = await this.#redis.xrange(this.#key, this.#position, this.#position);
    if (entry !== undefined) return;
    this.#position = await endOfLog(this.#redis, this.#key);
    this.#handlers.gap(this.#position);
  }
}

/** The cursor of the last entry; an empty log gets its first one, so that a cursor always names an entry. */
export async function endOfLog(redis: Redis, key: string): Promise<string> {
  const [last] = await redis.xrevrange(key, "+", "-", "COUNT", 1);
  return last?.[0] ?? (await redis.xadd(key, "*", "anchor", "")) ?? "0-0";
}

/** See `Backplane.findEntry`. */
export async function findEntry(redis: Redis, key: string, cursor: string): Promise<LogExtent | undefined> {
  const extent = await findEntryScript.run(redis, [key], [cursor]);
  return extent === null ? undefined : { first: extent[0], last: extent[1] };
}

/** See `Backplane.readLog`. */
export async function readEntries(
  redis: Redis,
  key: string,
  {
    from,
    to = "+",
    count,
  }: { readonly from: string; readonly to?: string | undefined; readonly count: number },
): Promise<readonly LogEntry[]> {
  return (await redis.xrange(key, from, to, "COUNT", count)).map(entryOf);
}

/** An entry as Redis tells it. */
export function entryOf([cursor, fields]: [cursor: string, fields: string[]]): LogEntry {
  if (fields[0] === "anchor") return { cursor, text: undefined };
  const at = fields.findIndex((field, index) => index % 2 === 0 && field === "event");
  // an entry without an event is handed on as an empty one, to be counted as malformed
  return { cursor, text: at < 0 ? "" : (fields[at + 1] ?? "") };
}
