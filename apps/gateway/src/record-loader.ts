import { setTimeout as delay } from "node:timers/promises";
import { type Backplane, BackplaneError } from "@sluice/backplane";
import type { Hub, RecordLoad, RecordStore } from "@sluice/hub";
import { type Collection, compareEntries, isJsonObject } from "@sluice/protocol";
import type { Logger } from "pino";

/** The wait before rows are read again that could not be. */
const retryMs = 1_000;

/** What a loader works with. */
export interface RecordLoaderContext {
  readonly records: RecordStore;
  readonly hub: Pick<Hub, "finishLoad" | "dropRecords">;
  readonly log: Logger;
}

/** Where rows are read. */
type RecordSource = Pick<Backplane, "readRecords" | "logEnd">;

/** Somebody who waits until the node has come to a place in the log. */
interface Waiting {
  readonly entry: string;
  readonly resolve: () => void;
}

/**
 * Loads the collections that rules take, and loads them again where what is at hand may not be all. Rows are read while
 * the log goes on: what is logged meanwhile is kept beside them, and both are put together where the node has come to the
 * place in the log at which the last row was read. So a collection is, at each place in the log, the same on all nodes.
 */
export class RecordLoader {
  readonly #context: RecordLoaderContext;
  #source: RecordSource | undefined;
  #followed = new Map<string, Collection>();
  /** The load of each collection that is under way. */
  readonly #loads = new Map<string, RecordLoad>();
  readonly #runs = new Set<Promise<void>>();
  #position = "";
  #waiting: Waiting[] = [];

  constructor(context: RecordLoaderContext) {
    this.#context = context;
  }

  /** How many of the collections that are to be followed are not at hand. */
  get missing(): number {
    return [...this.#followed.keys()].filter((id) => !this.#context.records.has(id)).length;
  }

  /** How many rows are at hand. */
  get rows(): number {
    return [...this.#followed.keys()].reduce((sum, id) => sum + this.#context.records.count(id), 0);
  }

  /** Begins to load, and returns once each collection is at hand or it is told why not. */
  async start(source: RecordSource): Promise<void> {
    this.#source = source;
    for (const collection of this.#followed.values()) this.#begin(collection);
    await Promise.all(this.#runs);
  }

  stop(): void {
    this.#source = undefined;
    this.#loads.clear();
    this.#reach(undefined);
  }

  /** Sets which collections are followed; others are forgotten. */
  follow(collections: readonly Collection[]): void {
    const before = this.#followed;
    this.#followed = new Map(collections.map((collection) => [collection.id, collection]));
    for (const id of before.keys()) if (!this.#followed.has(id)) this.#drop(id);
    for (const collection of collections) {
      const isSame = before.get(collection.id)?.name === collection.name;
      if (isSame) continue;
      this.#drop(collection.id);
      this.#begin(collection);
    }
  }

  /**
   * Loads a collection again whose rows were put there anew; until it is loaded the old ones stay.
   * @param name `*` for all
   */
  reload(name: string): void {
    for (const collection of this.#followed.values()) {
      if (name === "*" || collection.name === name) this.#begin(collection);
    }
  }

  /** Loads what is not at hand and not on its way. */
  reloadMissing(): void {
    for (const collection of this.#followed.values()) {
      const { id } = collection;
      if (!this.#context.records.has(id) && !this.#loads.has(id)) this.#begin(collection);
    }
  }

  /** Forgets all rows and loads them again: events may be missing. */
  restartAt(entry: string): void {
    for (const id of this.#followed.keys()) this.#drop(id);
    this.#reach(undefined);
    this.#position = entry;
    for (const collection of this.#followed.values()) this.#begin(collection);
  }

  /** The node has come to an entry of the log: what it holds is applied. */
  reach(entry: string): void {
    this.#position = entry;
    if (this.#waiting.length > 0) this.#reach(entry);
  }

  #drop(id: string): void {
    this.#loads.delete(id);
    this.#context.hub.dropRecords(id);
  }

  #begin(collection: Collection): void {
    if (this.#source === undefined) return;
    const load = this.#context.records.begin(collection.id);
    this.#loads.set(collection.id, load);
    const run = this.#load(this.#source, collection, load).finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }

  async #load(source: RecordSource, collection: Collection, load: RecordLoad): Promise<void> {
    const { hub, log } = this.#context;
    const { id, name } = collection;
    const isCurrent = (): boolean => this.#loads.get(id) === load;
    while (isCurrent()) {
      try {
        const seeded = await this.#read(source, collection, load);
        if (!isCurrent()) return;
        this.#loads.delete(id);
        if (!seeded) {
          log.warn({ collection: name }, "a collection that rules take is not seeded: they deny");
        } else if (hub.finishLoad(id, load)) {
          log.info({ collection: name, rows: load.rows.size }, "a collection that rules take is followed");
        }
      } catch (err) {
        if (err instanceof BackplaneError) await delay(retryMs, undefined, { ref: false });
        else if (isCurrent()) {
          this.#loads.delete(id);
          log.error({ err, collection: name }, "a collection that rules take could not be loaded: they deny");
        }
      }
    }
  }

  /** @returns whether all rows were read, and the node has come to where the last one was */
  async #read(source: RecordSource, { name }: Collection, load: RecordLoad): Promise<boolean> {
    const seeded = await source.readRecords(name, (id, json) => load.put(id, parseRow(id, json)));
    if (seeded === undefined) return false;
    const end = await source.logEnd();
    if (this.#position === "" || compareEntries(end, this.#position) > 0) {
      await new Promise<void>((resolve) => this.#waiting.push({ entry: end, resolve }));
    }
    return true;
  }

  /** Lets those go on who waited for an entry that is reached; all of them where there will be no more. */
  #reach(reached: string | undefined): void {
    const isReached = ({ entry }: Waiting): boolean =>
      reached === undefined || compareEntries(entry, reached) <= 0;
    for (const waiting of this.#waiting) if (isReached(waiting)) waiting.resolve();
    this.#waiting = this.#waiting.filter((waiting) => !isReached(waiting));
  }
}

function parseRow(id: string, json: string): Readonly<Record<string, unknown>> {
  const row = parseJson(json);
  if (!isJsonObject(row) || row["id"] !== id) throw new TypeError(`expected a row whose id is "${id}"`);
  return row;
}

/** Without the error's words: the text may hold what nobody may see. */
function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
