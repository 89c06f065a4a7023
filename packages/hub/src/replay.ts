import { type Cursor, type CustomMessage, hasHad, type RecordEvent } from "@sluice/protocol";
import type { Frame } from "./batch.ts";
import type { Client } from "./client.ts";
import { handOut, type Match } from "./match.ts";
import { Matcher, type Rulebook } from "./matcher.ts";
import { SubscriptionIndex } from "./subscription-index.ts";

/** What a replay is made with. */
export interface ReplayContext {
  readonly find: (clientId: string) => Client | undefined;
  readonly rulebook: () => Rulebook;
  /** Changes when the rules do, or the subscriptions or identity of a client that is held. */
  readonly epoch: () => number;
  readonly nowMs: () => number;
  /** Most bytes for one client; who missed more is refused. */
  readonly maxClientBytes: number;
  /** Most bytes for all together; whoever came last is put off. */
  readonly maxTotalBytes: number;
}

/** How it went for a client: its frames, or why it has none. */
export type ReplayOutcome = readonly Frame[] | "too-large" | "put-off";

/** What one client has missed. */
interface Missed {
  readonly from: Cursor;
  readonly until: string;
  readonly frames: Frame[];
  byteLength: number;
  outcome: "under-way" | "too-large" | "put-off";
}

/** Finds what clients have missed: events that are over, matched with the subscribers of now alone who missed them. */
export class Replay {
  readonly #context: ReplayContext;
  readonly #missed = new Map<string, Missed>();
  #index = new SubscriptionIndex();
  #matcher: Matcher;
  #epoch = -1;
  #totalBytes = 0;

  constructor(context: ReplayContext) {
    this.#context = context;
    this.#matcher = this.#makeMatcher();
  }

  /**
   * Adds a client whose turn has come: the next event is the first that it may have missed.
   * @param until the last entry that it missed
   */
  join(clientId: string, { from, until }: { readonly from: Cursor; readonly until: string }): void {
    this.#missed.set(clientId, { from, until, frames: [], byteLength: 0, outcome: "under-way" });
    this.#enter(clientId);
  }

  /** Takes the next event of the log. */
  take(event: RecordEvent | CustomMessage, entry: string): void {
    if (this.#missed.size === 0) return;
    if (this.#epoch !== this.#context.epoch()) this.#rebuild();
    handOut(this.#match(event), entry, (clients, frame) => {
      for (const { id } of clients) this.#keep(id, frame);
    });
    while (this.#totalBytes > this.#context.maxTotalBytes && this.#putOffLast());
  }

  /** @returns nothing where the client did not join */
  outcomeOf(clientId: string): ReplayOutcome | undefined {
    const missed = this.#missed.get(clientId);
    return missed?.outcome === "under-way" ? missed.frames : missed?.outcome;
  }

  #match(event: RecordEvent | CustomMessage): readonly Match[] {
    if (event.kind === "message") return this.#matcher.matchMessage(event, this.#context.find);
    return this.#matcher.matchRecord(event, this.#context.rulebook()) ?? [];
  }

  #keep(clientId: string, frame: Frame): void {
    const missed = this.#missed.get(clientId);
    if (missed?.outcome !== "under-way" || frame.cursor === undefined) return;
    const isLater = !hasHad({ entry: missed.until }, frame.cursor);
    if (isLater || hasHad(missed.from, frame.cursor)) return;
    missed.frames.push(frame);
    missed.byteLength += frame.bytes.length;
    this.#totalBytes += frame.bytes.length;
    if (missed.byteLength > this.#context.maxClientBytes) this.#leave(missed, "too-large");
  }

  /** @returns false where nobody is left whom the others would have to wait for */
  #putOffLast(): boolean {
    const [first, ...others] = [...this.#missed.values()].filter(({ byteLength }) => byteLength > 0);
    const last = others.at(-1);
    if (first === undefined || last === undefined) return false;
    this.#leave(last, "put-off");
    return true;
  }

  #leave(missed: Missed, outcome: "too-large" | "put-off"): void {
    this.#totalBytes -= missed.byteLength;
    missed.byteLength = 0;
    missed.frames.length = 0;
    missed.outcome = outcome;
  }

  #enter(clientId: string): void {
    const client = this.#context.find(clientId);
    for (const subscription of client?.subscriptions.values() ?? []) {
      if (client !== undefined) this.#index.add(client, subscription);
    }
  }

  #rebuild(): void {
    this.#epoch = this.#context.epoch();
    this.#index = new SubscriptionIndex();
    this.#matcher = this.#makeMatcher();
    for (const clientId of this.#missed.keys()) this.#enter(clientId);
  }

  #makeMatcher(): Matcher {
    // denials were counted when the events were live
    return new Matcher(this.#index, { nowMs: this.#context.nowMs, onDenied: () => {} });
  }
}
