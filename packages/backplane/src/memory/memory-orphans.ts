interface Orphan {
  readonly cursor: string;
  readonly untilMs: number;
}

/** Where clients were whose streams this node ended, by what those have in common who may adopt them. */
export class MemoryOrphans {
  readonly #lifeMs: number;
  readonly #orphans = new Map<string, Orphan[]>();

  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  add(likeness: string, cursor: string): void {
    this.#dropOld();
    const alike = this.#orphans.get(likeness) ?? [];
    this.#orphans.set(likeness, alike);
    alike.push({ cursor, untilMs: Date.now() + this.#lifeMs });
  }

  /** Takes the one that was added first. */
  adopt(likeness: string): string | undefined {
    this.#dropOld();
    return this.#orphans.get(likeness)?.shift()?.cursor;
  }

  #dropOld(): void {
    const nowMs = Date.now();
    for (const [likeness, alike] of this.#orphans) {
      const young = alike.filter(({ untilMs }) => untilMs > nowMs);
      if (young.length > 0) this.#orphans.set(likeness, young);
      else this.#orphans.delete(likeness);
    }
  }
}
