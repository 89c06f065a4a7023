import type { JsonObject } from "@sluice/protocol";
import type { ColumnLookUp, RecordRow, Records } from "@sluice/rules";
import { FollowedCollection } from "./followed-collection.ts";

/** What a store is made with. */
export interface RecordStoreContext {
  /** Most rows of one collection; one that has more is not at hand. */
  readonly maxRecords: number;
  /** Tells that a collection has too many rows: what takes it is denied until it is loaded again. */
  readonly onTooMany: (collectionId: string) => void;
}

/**
 * Rows of a collection that come from elsewhere, as they were at some moment while what is logged is applied to the
 * store. They count only once {@link RecordStore.finish} is told so.
 */
export class RecordLoad {
  readonly rows = new FollowedCollection();
  /** What was logged since the load began: newer than any row that comes. Nothing: deleted. */
  readonly changes = new Map<string, RecordRow | undefined>();
  readonly #maxRecords: number;
  #hasTooMany = false;

  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords;
  }

  /** Whether there were more rows than may be: some of them are not there then. */
  get hasTooMany(): boolean {
    return this.#hasTooMany;
  }

  put(id: string, row: RecordRow): void {
    if (this.#hasTooMany) return;
    this.rows.put(id, row);
    this.#hasTooMany = this.rows.size > this.#maxRecords;
  }
}

/**
 * The rows of the collections that this node follows, as they are at its place in the log. A collection is at hand
 * once it has been loaded; whatever is logged from then on is applied in order.
 */
export class RecordStore implements Records {
  readonly #context: RecordStoreContext;
  readonly #collections = new Map<string, FollowedCollection>();
  readonly #loads = new Map<string, RecordLoad>();

  constructor(context: RecordStoreContext) {
    this.#context = context;
  }

  readonly has = (collectionId: string): boolean => this.#collections.has(collectionId);

  readonly get = (collectionId: string, id: string): RecordRow | undefined =>
    this.#collections.get(collectionId)?.get(id);

  readonly all = (collectionId: string): Iterable<RecordRow> =>
    this.#collections.get(collectionId)?.all() ?? [];

  readonly count = (collectionId: string): number => this.#collections.get(collectionId)?.size ?? 0;

  readonly by = (collectionId: string, field: string, value: string): Iterable<RecordRow> =>
    this.#collections.get(collectionId)?.by(field, value) ?? [];

  readonly textsBy = (collectionId: string, lookUp: ColumnLookUp): readonly string[] | undefined =>
    this.#collections.get(collectionId)?.textsBy(lookUp);

  /** Begins to load a collection, in place of a load that is under way; what is there stays until it is finished. */
  begin(collectionId: string): RecordLoad {
    const load = new RecordLoad(this.#context.maxRecords);
    this.#loads.set(collectionId, load);
    return load;
  }

  /**
   * Puts a load in the collection's place. It is to be called where the node has come to the place in the log at which the
   * last row was read: then rows and changes together are the collection as it is there.
   * @returns false where another load has begun meanwhile, or there are too many rows
   */
  finish(collectionId: string, load: RecordLoad): boolean {
    if (this.#loads.get(collectionId) !== load) return false;
    this.#loads.delete(collectionId);
    for (const [id, row] of load.changes) {
      if (row === undefined) load.rows.remove(id);
      else load.put(id, row);
    }
    if (load.hasTooMany) {
      this.#refuse(collectionId);
      return false;
    }
    this.#collections.set(collectionId, load.rows);
    return true;
  }

  /** Forgets a collection: it is not at hand from now on, and a load of it is given up. */
  drop(collectionId: string): void {
    this.#collections.delete(collectionId);
    this.#loads.delete(collectionId);
  }

  /** Takes in a row as it was logged. */
  put(collectionId: string, row: JsonObject & { readonly id: string }): void {
    this.#loads.get(collectionId)?.changes.set(row.id, row);
    const rows = this.#collections.get(collectionId);
    rows?.put(row.id, row);
    if (rows !== undefined && rows.size > this.#context.maxRecords) this.#refuse(collectionId);
  }

  /** Takes out a row whose end was logged. */
  remove(collectionId: string, id: string): void {
    this.#loads.get(collectionId)?.changes.set(id, undefined);
    this.#collections.get(collectionId)?.remove(id);
  }

  #refuse(collectionId: string): void {
    this.#collections.delete(collectionId);
    this.#context.onTooMany(collectionId);
  }
}
