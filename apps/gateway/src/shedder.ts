import type { Backplane } from "@sluice/backplane";
import type { Logger } from "pino";
import { FairShare } from "./fair-share.ts";
import { SparseLog } from "./sparse-log.ts";
import type { StreamKeeper } from "./stream-keeper.ts";

/** Twice the mean comes down to about a tenth over it in so many ticks; see {@link FairShare}. */
const ticks = 240;

/** What a shedder is made with. */
export interface ShedderContext {
  readonly backplane: Backplane;
  readonly streams: StreamKeeper;
  /** All streams of this node, those that wait for their turn too. */
  readonly streamCount: () => number;
  readonly maxStreams: number;
  /** About how long it takes to even out; 0 is never. */
  readonly shedSeconds: number;
  readonly onShed: (count: number) => void;
  readonly log: Logger;
}

/** Tells the other nodes how many streams this one has, and ends some where it has more than its share. */
export class Shedder {
  readonly #context: ShedderContext;
  readonly #share: FairShare;
  readonly #failures: SparseLog;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #isStopped = false;

  constructor(context: ShedderContext) {
    this.#context = context;
    this.#share = new FairShare((fact, message) => context.log.info(fact, message));
    this.#failures = new SparseLog({ ...context, nowMs: () => performance.now(), intervalMs: 60_000 });
  }

  start(): void {
    const { shedSeconds } = this.#context;
    if (shedSeconds > 0) this.#timer = setInterval(() => void this.#tick(), (shedSeconds * 1000) / ticks);
  }

  /** Ends no more, and is no longer one to whom others' streams could go. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    // what Redis cannot be told now it finds out when this node is gone
    await this.#context.backplane.exchangeLoads(undefined).catch(() => undefined);
  }

  async #tick(): Promise<void> {
    const { backplane } = this.#context;
    // who comes back without Redis cannot subscribe
    if (this.#isAsking || !backplane.connected) return;
    this.#isAsking = true;
    try {
      await this.#shed();
    } catch (err) {
      if (backplane.connected) this.#failures.warn("exchange", { err }, "loads could not be exchanged");
    }
    this.#isAsking = false;
  }

  async #shed(): Promise<void> {
    const { backplane, streams, streamCount, maxStreams, onShed } = this.#context;
    const own = streamCount();
    const others = await backplane.exchangeLoads(own < maxStreams ? own : undefined);
    if (!this.#isStopped) onShed(streams.endOldest(this.#share.toEnd(own, others)));
  }
}
