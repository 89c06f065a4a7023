import { compareEntries } from "@sluice/protocol";

/** How long clients that are alike come back in another order than they left in, and how long while some are out. */
const reorderMs = 2_300;
const outMs = 5_000;

interface Orphan {
  readonly cursor: string;
  readonly endedMs: number;
  isAdopted: boolean;
  /** Whether all that were alike and had ended by then were adopted once. */
  areAllBack: boolean;
}

/**
 * Where clients were whose streams this node ended, by what those have in common who may adopt them; kept for a time,
 * and alike ones adopted in the order of the log, as in Redis (`orphans.lua`).
 */
export class MemoryOrphans {
  readonly #lifeMs: number;
  readonly #orphans = new Map<string, Orphan[]>();
  #sweptMs = 0;

  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  add(likeness: string, cursor: string): void {
    if (this.#lifeMs === 0) return;
    const alike = this.#orphans.get(likeness) ?? [];
    this.#orphans.set(likeness, alike);
    const at = alike.findLastIndex((other) => compareEntries(other.cursor, cursor) <= 0);
    alike.splice(at + 1, 0, { cursor, endedMs: Date.now(), isAdopted: false, areAllBack: false });
    this.#sweep();
  }

  /** The cursor of the oldest; there are enough for all shortly after the end, and while some are out. */
  adopt(likeness: string): string | undefined {
    const alike = this.#dropOld(likeness);
    const next = alike.find(({ isAdopted }) => !isAdopted);
    if (next !== undefined) next.isAdopted = true;
    if (alike.every(({ isAdopted }) => isAdopted)) for (const orphan of alike) orphan.areAllBack = true;
    return alike[0]?.cursor;
  }

  /** Now and then: most are never asked for again. */
  #sweep(): void {
    if (Date.now() - this.#sweptMs < reorderMs) return;
    this.#sweptMs = Date.now();
    for (const likeness of this.#orphans.keys()) this.#dropOld(likeness);
  }

  /** @returns those that are left */
  #dropOld(likeness: string): readonly Orphan[] {
    const nowMs = Date.now();
    const kept = (this.#orphans.get(likeness) ?? []).filter(({ endedMs, isAdopted, areAllBack }) => {
      const keptMs = areAllBack ? reorderMs : outMs;
      return nowMs - endedMs <= (isAdopted ? Math.min(keptMs, this.#lifeMs) : this.#lifeMs);
    });
    if (kept.length > 0) this.#orphans.set(likeness, kept);
    else this.#orphans.delete(likeness);
    return kept;
  }
}
