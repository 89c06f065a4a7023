import { setTimeout as delay } from "node:timers/promises";
import { type Backplane, BackplaneError } from "@sluice/backplane";

/** How often nodes tell each other what they have counted. */
const shareMs = 100;

/** Most names that are counted at a time. */
const maxNames = 100_000;

/** What shared counts are made with. */
export interface SharedCountsContext {
  readonly backplane: Pick<Backplane, "addCounts">;
  /** Unix time in milliseconds, the same on all nodes but for their clocks' differences. */
  readonly nowMs: () => number;
}

/**
 * Counts by name, minute by minute, over all nodes. Nobody waits for another node: each counts by itself and adds to what
 * all share ten times a second, so that together they may let through what comes in a tenth of a second too much. Without
 * Redis each node counts alone. Names beyond the most that are kept are not counted.
 */
export class SharedCounts {
  readonly #context: SharedCountsContext;
  #minute = 0;
  /** All nodes' counts, as far as this one knows. */
  #counts = new Map<string, number>();
  #unshared = new Map<string, number>();
  #isSharing = false;

  constructor(context: SharedCountsContext) {
    this.#context = context;
  }

  /**
   * Counts one more, unless there are as many as there may be.
   * @returns 0, or after how many seconds there may be more
   */
  take(name: string, most: number): number {
    const nowMs = this.#context.nowMs();
    this.#turnTo(Math.floor(nowMs / 60_000));
    const count = this.#counts.get(name) ?? 0;
    if (count >= most) return 60 - Math.floor((nowMs % 60_000) / 1_000);
    if (count === 0 && this.#counts.size >= maxNames) return 0;
    this.#counts.set(name, count + 1);
    this.#unshared.set(name, (this.#unshared.get(name) ?? 0) + 1);
    if (!this.#isSharing) void this.#share();
    return 0;
  }

  #turnTo(minute: number): void {
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#counts = new Map();
    this.#unshared = new Map();
  }

  /** Shares until there is nothing more to share. */
  async #share(): Promise<void> {
    this.#isSharing = true;
    while (this.#unshared.size > 0) {
      await delay(shareMs, undefined, { ref: false });
      await this.#shareOnce();
    }
    this.#isSharing = false;
  }

  async #shareOnce(): Promise<void> {
    const minute = this.#minute;
    const unshared = this.#unshared;
    this.#unshared = new Map();
    try {
      const sums = await this.#context.backplane.addCounts(String(minute), unshared);
      if (minute === this.#minute) this.#learn(sums);
    } catch (error) {
      // this node goes on with what it has counted itself
      if (!(error instanceof BackplaneError)) throw error;
    }
  }

  #learn(sums: ReadonlyMap<string, number>): void {
    for (const [name, sum] of sums) {
      const known = this.#counts.get(name) ?? 0;
      this.#counts.set(name, Math.max(known, sum + (this.#unshared.get(name) ?? 0)));
    }
  }
}
