import type { Backplane, LogEntry } from "@sluice/backplane";
import type { RecentEvents } from "./recent-events.ts";

/** Entries of one step: few enough that a step does not hold the event loop. */
const stepEntries = 64;

/** How large a page from Redis is: small at first, since nobody knows how large entries are, then about so many characters. */
const firstPage = 100;
const pageLength = 4_194_304;
const maxPage = 5_000;

/** Walks through the log from one entry on, through what is at hand or else in Redis. */
export class LogWalk {
  readonly #recent: RecentEvents;
  readonly #backplane: Backplane;
  #at: string;
  #isFirst = true;
  #page: readonly LogEntry[] = [];
  #pageSize = firstPage;
  /** What came from Redis. */
  readonly #cold: LogEntry[] = [];

  constructor(from: string, recent: RecentEvents, backplane: Backplane) {
    this.#at = from;
    this.#recent = recent;
    this.#backplane = backplane;
  }

  /**
   * The next entries; the first of all is the one to begin at, if the log has it.
   * @returns none at the end, or where the log was lost or trimmed meanwhile
   * @throws {BackplaneError} `unavailable`
   */
  async next(): Promise<readonly LogEntry[]> {
    const entries = this.#take() ?? (await this.#read());
    this.#at = entries.at(-1)?.cursor ?? this.#at;
    this.#isFirst &&= entries.length === 0;
    return entries;
  }

  /** Keeps at hand what came from Redis, for the next who comes from so far back. */
  keep(): void {
    this.#recent.prepend(this.#cold.splice(0));
  }

  /** What is at hand; nothing where Redis has to be asked. */
  #take(): readonly LogEntry[] | undefined {
    if (this.#page.length > 0) {
      const entries = this.#page.slice(0, stepEntries);
      this.#page = this.#page.slice(stepEntries);
      return entries;
    }
    const recent = this.#recent.read(this.#at, stepEntries + 1);
    if (recent === undefined) return undefined;
    this.keep();
    return this.#withoutTaken(recent);
  }

  async #read(): Promise<readonly LogEntry[]> {
    const read = await this.#backplane.readLog(this.#at, this.#pageSize);
    if (!this.#isFirst && read[0]?.cursor !== this.#at) return [];
    const length = read.reduce((sum, { text }) => sum + (text?.length ?? 0), read.length);
    const share = Math.floor((pageLength * read.length) / Math.max(1, length));
    this.#pageSize = Math.min(maxPage, Math.max(firstPage, share));
    this.#page = this.#withoutTaken(read);
    this.#cold.push(...this.#page);
    return this.#page.length === 0 ? [] : (this.#take() ?? []);
  }

  #withoutTaken(entries: readonly LogEntry[]): readonly LogEntry[] {
    return !this.#isFirst && entries[0]?.cursor === this.#at ? entries.slice(1) : entries;
  }
}
