import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { Backplane } from "@sluice/backplane";
import type { Frame, Hub, Replay } from "@sluice/hub";
import { compareEntries, type Cursor, encodeCursor, encodeFrame, parseEvent } from "@sluice/protocol";
import type { Logger } from "pino";
import { LogWalk } from "./log-walk.ts";
import type { Metrics } from "./metrics.ts";
import type { RecentEvents } from "./recent-events.ts";

/** Longest time that a replay holds the event loop at once. */
const sliceMs = 10;

/** The wait before the next pass; longer in a storm, so that more are served by one. */
const pauseMs = 100;
const stormPauseMs = 1_000;
const stormClients = 50;

/** What a resumer works with. */
export interface ResumerContext {
  readonly hub: Hub;
  readonly recent: RecentEvents;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly maxEventBytes: number;
  /** Most bytes that wait for all clients together. */
  readonly maxWaitingBytes: number;
  readonly nowMs: () => number;
}

/** A client that is held until it has had what it missed. */
interface Pending {
  /** Where it was. */
  readonly from: Cursor;
  /** Where this node was when it came back; what is newer waits for it in the hub. */
  readonly until: string;
  /** Whether it is told the outcome. */
  readonly tell: boolean;
}

/** Gives clients that come back what they missed, all of it or nothing, before anything live. Many share one pass. */
export class Resumer {
  readonly #context: ResumerContext;
  readonly #pending = new Map<string, Pending>();
  #backplane: Backplane | undefined;
  #isRunning = false;

  constructor(context: ResumerContext) {
    this.#context = context;
  }

  /** Begins to serve; those who come before that wait. */
  start(backplane: Backplane): void {
    this.#backplane = backplane;
    this.#wake();
  }

  /**
   * Holds a client whose first subscriptions were applied in this turn, until it has had what it missed.
   * @param from where it was, or nothing where it offered what is no cursor
   */
  begin(
    clientId: string,
    { from, tell }: { readonly from: Cursor | undefined; readonly tell: boolean },
  ): void {
    const { hub, recent } = this.#context;
    hub.hold(clientId);
    const until = recent.position;
    if (from === undefined)
      return this.#refuse(clientId, { from: { entry: until }, until, tell }, "no cursor");
    this.#pending.set(clientId, { from, until, tell });
    this.#wake();
  }

  /** Whether a client has not yet had what it missed. */
  isPending(clientId: string): boolean {
    return this.#pending.has(clientId);
  }

  /** A client is gone. */
  forget(clientId: string): void {
    this.#pending.delete(clientId);
  }

  /** Forgets all: their streams end, and they come back with the cursors that they have. */
  clear(): void {
    this.#pending.clear();
  }

  #wake(): void {
    if (this.#isRunning || this.#backplane === undefined || this.#pending.size === 0) return;
    this.#isRunning = true;
    void this.#run(this.#backplane);
  }

  async #run(backplane: Backplane): Promise<void> {
    const { hub, log, maxWaitingBytes } = this.#context;
    while (this.#pending.size > 0) {
      const before = [...this.#pending.keys()];
      // those who were served and have not taken it yet go first
      if (hub.waitingBytes < maxWaitingBytes / 2 && backplane.connected) {
        await this.#pass(backplane).catch((err: unknown) => {
          if (backplane.connected) log.error({ err }, "clients could not be resumed: tried again");
        });
      }
      const served = before.filter((clientId) => !this.#pending.has(clientId)).length;
      await delay(Math.max(served, this.#pending.size) >= stormClients ? stormPauseMs : pauseMs);
    }
    this.#isRunning = false;
  }

  /** Serves those who are pending now, as far as it can. */
  async #pass(backplane: Backplane): Promise<void> {
    const { hub, recent } = this.#context;
    const { position } = recent;
    // who comes while Redis is asked may be further than its answer
    const pendings = [...this.#pending];
    // a log without this node's place is another log, and its own cursors tell nothing of it
    const extent = await backplane.findEntry(position);
    if (extent === undefined) return;
    const ready: [clientId: string, pending: Pending][] = [];
    for (const [clientId, pending] of pendings) {
      if (this.#pending.get(clientId) !== pending) continue;
      const { entry } = pending.from;
      if (compareEntries(entry, extent.first) < 0 || compareEntries(entry, extent.last) > 0) {
        this.#refuse(clientId, pending, "the log does not have the cursor");
      } else if (compareEntries(entry, recent.position) <= 0) ready.push([clientId, pending]);
    }
    ready.sort(([, one], [, other]) => compareEntries(one.from.entry, other.from.entry));
    const oldest = ready[0]?.[1].from.entry;
    if (oldest === undefined) return;
    const replay = hub.openReplay();
    // the log was lost or trimmed on the way: the next pass says so
    if (!(await this.#walk(new LogWalk(oldest, recent, backplane), ready, replay))) return;
    let isUntilMs = this.#context.nowMs() + sliceMs;
    for (const [clientId, pending] of ready) {
      if (this.#context.nowMs() > isUntilMs) {
        await nextTurn();
        isUntilMs = this.#context.nowMs() + sliceMs;
      }
      if (this.#pending.get(clientId) === pending) this.#finish(clientId, pending, replay);
    }
  }

  /**
   * Lets each client join at its own entry; one whose entry is not there does not.
   * @returns whether all that was missed is in the replay
   */
  async #walk(
    walk: LogWalk,
    ready: readonly (readonly [string, Pending])[],
    replay: Replay,
  ): Promise<boolean> {
    const untils = ready.map(([, { until }]) => until);
    const end = untils.reduce((one, other) => (compareEntries(one, other) > 0 ? one : other));
    const waiting = [...ready].toReversed();
    let isUntilMs = this.#context.nowMs() + sliceMs;
    for (let entries = await walk.next(); entries.length > 0; entries = await walk.next()) {
      for (const { cursor, text } of entries) {
        for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
          const [clientId, pending] = next;
          const order = compareEntries(pending.from.entry, cursor);
          if (order > 0) break;
          waiting.pop();
          if (order === 0) replay.join(clientId, pending);
        }
        if (text !== undefined) this.#take(replay, text, cursor);
        if (waiting.length === 0 && compareEntries(cursor, end) >= 0) {
          walk.keep();
          return true;
        }
      }
      if (this.#context.nowMs() > isUntilMs) {
        await nextTurn();
        isUntilMs = this.#context.nowMs() + sliceMs;
      }
    }
    return false;
  }

  #take(replay: Replay, text: string, cursor: string): void {
    const parsed = parseEvent(text, { maxBytes: this.#context.maxEventBytes });
    // what is malformed was skipped and counted when it was live
    if (!("malformed" in parsed)) replay.take(parsed.event, cursor);
  }

  #finish(clientId: string, pending: Pending, replay: Replay): void {
    const outcome = replay.outcomeOf(clientId);
    // too much for this pass: the next one begins with it
    if (outcome === "put-off") return;
    if (outcome === "too-large") return this.#refuse(clientId, pending, "it missed too much");
    if (outcome === undefined) return this.#refuse(clientId, pending, "the log does not have the cursor");
    const { from, until, tell } = pending;
    const seam: Cursor = compareEntries(from.entry, until) > 0 ? from : { entry: until };
    this.#pending.delete(clientId);
    const told = resumeFrame(encodeCursor(seam), { resumed: true, replayed: outcome.length });
    const { hub, metrics, log } = this.#context;
    hub.endHold(clientId, tell ? [...outcome, told] : outcome, seam);
    metrics.resumes.inc({ outcome: tell ? "resumed" : "adopted" });
    log.debug({ clientId, from, replayed: outcome.length }, "a client was resumed");
  }

  /** What it may have had already is not sent again: where it was further than this node. */
  #refuse(clientId: string, { from, until, tell }: Pending, reason: string): void {
    const { hub, recent, metrics, log } = this.#context;
    this.#pending.delete(clientId);
    const isFurther = compareEntries(from.entry, until) > 0;
    const seam = isFurther ? (recent.lastUpTo(from.entry) ?? until) : until;
    const had = isFurther ? from : undefined;
    hub.endHold(clientId, tell ? [resumeFrame(seam, { resumed: false })] : [], had);
    metrics.resumes.inc({ outcome: "refused" });
    log.debug({ clientId, reason }, "a resume was refused");
  }
}

function resumeFrame(id: string, outcome: object): Frame {
  const bytes = encodeFrame({ id, event: "@resume", data: JSON.stringify(outcome) });
  return { bytes, subject: undefined };
}
