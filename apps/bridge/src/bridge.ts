import { setTimeout as delay } from "node:timers/promises";
import { BackplaneError } from "@sluice/backplane";
import { isJsonObject } from "@sluice/protocol";
import type { Logger } from "pino";
import { ArrivalOrder } from "./arrival-order.ts";
import { type CollectionChoice, writeCollections } from "./catalog.ts";
import { compareRows } from "./comparison.ts";
import { EventWriter } from "./event-writer.ts";
import { type KeptRecords, readKept } from "./kept-records.ts";
import { type Login, PocketBaseSource, type SourceCollection } from "./pocketbase-source.ts";
import type { RecordStream } from "./record-stream.ts";
import type { Change, Row } from "./row.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** What a bridge needs. */
export interface BridgeContext {
  readonly pocketBase: { readonly url: string; readonly login: Login };
  readonly choice: CollectionChoice;
  /** How long a change waits for older ones that PocketBase tells later. */
  readonly holdMs: number;
  readonly collectionMs: number;
  readonly maxWaiting: number;
  readonly kept: KeptRecords;
  readonly log: Logger;
}

/** How long after a comparison the stream may still tell what the comparison found. */
const settleMs = 2_000;

/** Changes of one record that come closer together may come in the wrong order. */
const hurryMs = 1_000;

/** Between sessions that end soon: each time twice as long. */
const retryMs = { first: 250, most: 10_000 };

/** A session that was longer is followed by the next one at once. */
const soonMs = 3_000;

/**
 * Keeps collections, rows and the log in step with a PocketBase. Its work is a row of sessions: subscribe first, write
 * from then on what the stream tells, and meanwhile seed the rows or compare those that are kept. When anything may have
 * been missed, the session ends and the next one begins; comparing finds what it was.
 */
export class Bridge {
  readonly #context: BridgeContext;
  #restart: (reason: string) => void = () => undefined;

  constructor(context: BridgeContext) {
    this.#context = context;
  }

  /** Works until it is told to stop, and what waits is written; does not throw. */
  async run(stop: AbortSignal): Promise<void> {
    const { log } = this.#context;
    for (let waitMs = 0; !stop.aborted;) {
      const beganMs = performance.now();
      try {
        const reason = await this.#session(stop);
        if (!stop.aborted) log.warn({ reason }, "changes may have been missed: comparing all rows");
      } catch (err) {
        log.error({ err }, "not in step with PocketBase, trying again");
      }
      const isSoon = performance.now() - beganMs < soonMs;
      waitMs = isSoon ? Math.min(Math.max(waitMs * 2, retryMs.first), retryMs.most) : 0;
      await delay(waitMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  /** Something outside of PocketBase may have been lost: begins again. */
  restart(reason: string): void {
    this.#restart(reason);
  }

  /** @returns why it is over */
  async #session(stop: AbortSignal): Promise<string> {
    const { pocketBase, choice, holdMs, kept, log, maxWaiting } = this.#context;
    const over = Promise.withResolvers<string>();
    const ending = new AbortController();
    // before the first wait: an abort is told once
    stop.addEventListener("abort", () => over.resolve("stopped"), { signal: ending.signal });
    const source = await PocketBaseSource.signIn(pocketBase.url, pocketBase.login);
    if (!source.tellsKeys)
      log.info("without PocketBase's hook gateways cannot verify PocketBase's own tokens");
    const followed = await writeCollections(source, kept, choice);
    this.#nameMissing(followed);
    const byName = new Map(followed.map((collection) => [collection.name, collection]));
    this.#restart = over.resolve;
    const writer = new EventWriter({
      kept,
      log,
      maxWaiting,
      complete: (changes) => complete(source, byName, changes),
      overflowed: () => over.resolve(`more than ${maxWaiting} changes waited`),
    });
    const order = new ArrivalOrder({
      windowMs: hurryMs,
      stampOf: ({ collection, record }) => stampOf(byName.get(collection), record),
      readRow: async ({ collection, record }) => {
        const found = byName.get(collection);
        return found === undefined ? undefined : source.readRow(found, record.id);
      },
      write: (change) => writer.write(change),
      failed: (err) => {
        log.warn({ err }, "a record could not be read again");
        over.resolve("a record could not be read again");
      },
    });
    const room = new WaitingRoom({
      holdMs,
      stampOf: ({ collection, record }) => stampOf(byName.get(collection), record),
      leave: (change) => {
        const taken = order.take(change);
        if (taken !== undefined) writer.write(taken);
      },
    });
    let stream: RecordStream | undefined;
    try {
      stream = await source.follow([...byName.keys()], {
        change: (change) => room.enter(change),
        ended: () => over.resolve("PocketBase ended the stream"),
      });
      const work = this.#keepInStep({ source, followed, byName, writer, order, ending: ending.signal });
      return await Promise.race([work, over.promise]);
    } finally {
      ending.abort();
      stream?.close();
      room.empty();
      order.close();
      if (stop.aborted) await writer.idle();
      writer.close();
    }
  }

  /** Fills or compares, then looks for changes of the collections. */
  async #keepInStep(session: Session): Promise<string> {
    const { source, followed, byName, writer, ending: signal } = session;
    const { choice, kept, log, collectionMs } = this.#context;
    for (const collection of followed) await this.#catchUp(session, collection);
    await writer.idle();
    log.info({ collections: followed.map(({ name }) => name) }, "in step with PocketBase");
    await settle(session);
    for (let known = followed; ;) {
      await delay(collectionMs, undefined, { signal });
      await source.keepSignedIn();
      const now = await writeCollections(source, kept, choice).catch((error: unknown) => {
        // while Redis is away changes wait, which a new session would drop
        if (error instanceof BackplaneError) return known;
        throw error;
      });
      if (namesOf(now) !== namesOf(known)) return "there are other collections";
      for (const collection of now) byName.set(collection.name, collection);
      const changed = now.filter((collection, at) => fieldsOf(collection) !== fieldsOf(known[at]));
      if (changed.length > 0) await this.#seedAgain(session, changed);
      known = now;
    }
  }

  /** Where fields come or go all rows are others, and no event tells of that. */
  async #seedAgain(session: Session, changed: readonly SourceCollection[]): Promise<void> {
    session.writer.expectFound();
    for (const collection of changed) await this.#seed(session, collection);
    await session.writer.idle();
    await settle(session);
  }

  /** Makes the kept rows those of PocketBase. */
  async #catchUp(session: Session, collection: SourceCollection): Promise<void> {
    const kept = await readKept(this.#context.kept, collection.name);
    if (kept === undefined) await this.#seed(session, collection);
    else await this.#compare(session, collection, kept);
  }

  /** Writes the rows as they are, without events: who follows them reads them again. */
  async #seed(session: Session, collection: SourceCollection): Promise<void> {
    const { id, name } = collection;
    const rows = await this.#context.kept.seedRecords({ id, name }, textsOf(session, collection));
    this.#context.log.info({ collection: name, rows }, "rows seeded");
    // what the log says of a row went over it, and may be older
    const kept = await readKept(this.#context.kept, name);
    if (kept !== undefined) await this.#compare(session, collection, kept);
    else this.restart("the rows that were just seeded are gone");
  }

  async #compare(
    { source, writer, order }: Session,
    collection: SourceCollection,
    kept: ReadonlyMap<string, string>,
  ): Promise<void> {
    const changes = await compareRows(source, collection, kept);
    for (const change of changes) {
      // what the stream tells late of this record is older
      if (order.take(change) !== undefined) await writer.writeFound(change);
    }
    const { name } = collection;
    this.#context.log.info({ collection: name, rows: kept.size, missed: changes.length }, "rows compared");
  }

  #nameMissing(followed: readonly SourceCollection[]): void {
    const { choice, log } = this.#context;
    const missing = choice.wanted?.filter((wanted) => !followed.some(({ name }) => name === wanted)) ?? [];
    if (missing.length === 0) return;
    log.error({ missing }, "COLLECTIONS: expected names of PocketBase's collections, but of no views");
  }
}

interface Session {
  readonly source: PocketBaseSource;
  readonly followed: readonly SourceCollection[];
  /** The same, as they are now. */
  readonly byName: Map<string, SourceCollection>;
  readonly writer: EventWriter;
  readonly order: ArrivalOrder;
  /** Aborted when the session is over. */
  readonly ending: AbortSignal;
}

/** Waits for what the stream may still tell of rows that a comparison has found. */
async function settle({ writer, ending }: Session): Promise<void> {
  await delay(settleMs, undefined, { signal: ending });
  writer.settle();
}

async function* textsOf(
  { source, ending }: Session,
  collection: SourceCollection,
): AsyncGenerator<readonly [id: string, json: string]> {
  for await (const row of source.readRows(collection)) {
    // the next session may be seeding the same rows by now
    ending.throwIfAborted();
    yield [row.id, JSON.stringify(row)];
  }
}

/** Adds the token keys to changes of auth records, whichever collection they are of. */
async function complete(
  source: PocketBaseSource,
  byName: ReadonlyMap<string, SourceCollection>,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const rows = new Map<Change, Change>();
  for (const [name, collection] of byName) {
    const own = changes.filter((change) => change.collection === name);
    const completed = await source.withKeys(
      collection,
      own.map(({ record }) => record),
    );
    for (const [at, change] of own.entries())
      rows.set(change, { ...change, record: completed[at] ?? change.record });
  }
  return changes.map((change) => rows.get(change) ?? change);
}

/** When a row was last written, where its collection has a field that PocketBase sets for that. */
function stampOf(collection: SourceCollection | undefined, record: Row): string | undefined {
  const fields: unknown = collection?.json["fields"];
  const items: readonly unknown[] = Array.isArray(fields) ? fields : [];
  const field = items.find(
    (item) => isJsonObject(item) && item["type"] === "autodate" && item["onUpdate"] === true,
  );
  const value = isJsonObject(field) ? record[String(field["name"])] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

function namesOf(collections: readonly SourceCollection[]): string {
  return JSON.stringify(collections.map(({ id, name }) => [id, name]));
}

function fieldsOf(collection: SourceCollection | undefined): string {
  return JSON.stringify(collection?.json["fields"]);
}
