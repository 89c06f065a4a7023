import type { Cursor } from "@sluice/protocol";
import { Batch, type Frame } from "./batch.ts";
import type { Client } from "./client.ts";

/** Longest time that a flush holds the event loop at once. */
const maxFlushMs = 10;

/** How many clients are flushed between two looks at the clock. */
const clientsPerLook = 32;

/** How much of the limit is left when clients are cut because all of them together have too much waiting. */
const keptShare = 0.8;

/** What outboxes are made with. */
export interface OutboxesContext {
  /** Most bytes that wait for one client, and for all together. */
  readonly limits: { readonly clientBytes: number; readonly totalBytes: number };
  /** A steady clock, in milliseconds. */
  readonly steadyMs: () => number;
  /** Runs a function later in this turn of the event loop, or at the start of the next. */
  readonly defer: (flush: () => void) => void;
}

/** The bytes not yet written: one write per client and turn, and a place to wait for those who take none. */
export class Outboxes {
  readonly #context: OutboxesContext;
  /** Who has something in the outbox, in the order in which they got it. */
  #dirty: Client[] = [];
  /** What the frames of this turn follow. */
  #start = new Batch();
  readonly #blocked = new Set<Client>();
  #waitingBytes = 0;
  #dueWrites = 0;
  #doneWrites = 0;

  constructor(context: OutboxesContext) {
    this.#context = context;
  }

  /** Bytes that wait for clients who take none. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** How many writes have become due since the start, and how many of them are done: in the order of their coming due. */
  get writes(): { readonly due: number; readonly done: number } {
    return { due: this.#dueWrites, done: this.#doneWrites };
  }

  put(client: Client, frame: Frame): void {
    if (client.isSealed) return;
    if (client.isBlocked) this.#wait(client, frame);
    else if (client.enqueue(frame, this.#start)) this.#flushLater(client);
  }

  /** Puts one frame into many outboxes. */
  putAll(clients: readonly Client[], frame: Frame): void {
    // clients lie anywhere in memory: a step that does little else fetches many of them at the same time
    const ready: Client[] = [];
    for (const client of clients) {
      if (client.isSealed || client.isBlocked) this.put(client, frame);
      else ready.push(client);
    }
    for (const client of ready) if (client.enqueue(frame, this.#start)) this.#flushLater(client);
  }

  /** A client takes bytes again. */
  unblock(client: Client): void {
    if (this.#recount(client, () => client.unblock())) this.#flushLater(client);
  }

  /** Lets a client's frames wait. */
  hold(client: Client): void {
    this.#recount(client, () => client.hold(this.#context.limits.clientBytes));
  }

  /** A client has had what it was held for: see {@link Client.endHold}. */
  endHold(client: Client, missed: readonly Frame[], had: Cursor | undefined): void {
    if (this.#recount(client, () => client.endHold(missed, had))) this.#flushLater(client);
  }

  /** Drops what a client has not been sent. */
  forget(client: Client): void {
    this.#recount(client, () => client.drop());
  }

  /** Does what changes how much waits for a client, or whether anything does. */
  #recount<T>(client: Client, work: () => T): T {
    const before = client.waitingBytes;
    const result = work();
    this.#waitingBytes += client.waitingBytes - before;
    if (client.isBlocked) this.#blocked.add(client);
    else this.#blocked.delete(client);
    return result;
  }

  #flushLater(client: Client): void {
    this.#dueWrites += 1;
    if (this.#dirty.push(client) === 1) this.#context.defer(() => this.#flush());
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#start = new Batch();
    const untilMs = this.#context.steadyMs() + maxFlushMs;
    let flushed = 0;
    while (flushed < dirty.length && (flushed % clientsPerLook > 0 || this.#context.steadyMs() < untilMs)) {
      const client = dirty[flushed];
      flushed += 1;
      if (client !== undefined) this.#recount(client, () => client.flush(this.#context.limits.clientBytes));
    }
    this.#dirty = dirty.slice(flushed);
    this.#doneWrites += flushed;
    // the rest goes on in the next turn, before whoever gets something until then
    if (this.#dirty.length > 0) this.#context.defer(() => this.#flush());
  }

  #wait(client: Client, frame: Frame): void {
    if (!this.#recount(client, () => client.wait(frame))) this.#cut(client);
    else if (this.#waitingBytes > this.#context.limits.totalBytes) this.#shed();
  }

  /** Cuts those for whom the most waits, until all together are well below the limit. */
  #shed(): void {
    const largest = [...this.#blocked].toSorted((one, other) => other.waitingBytes - one.waitingBytes);
    const enough = this.#context.limits.totalBytes * keptShare;
    for (const client of largest) {
      if (this.#waitingBytes <= enough) return;
      this.#cut(client);
    }
  }

  #cut(client: Client): void {
    this.forget(client);
    client.cut();
  }
}
