import { compareEntries } from "@sluice/protocol";

/** How long clients that are alike come back in another order than they left in. */
const reorderMs = 2_000;

interface Orphan {
  readonly cursor: string;
  readonly endedMs: number;
  adoptedMs: number | undefined;
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
    alike.splice(at + 1, 0, { cursor, endedMs: Date.now(), adoptedMs: undefined });
    this.#sweep();
  }

  /** The cursor of the oldest; there are enough for all shortly after the end, and as long as somebody is awaited. */
  adopt(likeness: string): string | undefined {
    const alike = this.#dropOld(likeness);
    const next = alike.find(({ adoptedMs }) => adoptedMs === undefined);
    if (next !== undefined) next.adoptedMs = Date.now();
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
    const alike = this.#orphans.get(likeness) ?? [];
    const awaited = alike.filter(({ adoptedMs }) => adoptedMs === undefined).map(({ endedMs }) => endedMs);
    const awaitedMs = Math.min(...awaited);
    const kept = alike.filter(({ endedMs, adoptedMs }) => {
      const ageMs = nowMs - endedMs;
      return (
        ageMs <= this.#lifeMs && (ageMs <= reorderMs || adoptedMs === undefined || adoptedMs >= awaitedMs)
      );
    });
    if (kept.length > 0) this.#orphans.set(likeness, kept);
    else this.#orphans.delete(likeness);
    return kept;
  }
}
