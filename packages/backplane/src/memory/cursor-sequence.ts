/** Names log entries as a Redis stream does: `<milliseconds>-<number>`, each greater than the one before. */
export class CursorSequence {
  #lastMs = 0;
  #number = 0;

  /**
   * The next cursor.
   * @param nowMs Unix time; where the clock went back, the entry is named after the one before it
   */
  next(nowMs: number): string {
    this.#number = nowMs > this.#lastMs ? 0 : this.#number + 1;
    this.#lastMs = Math.max(nowMs, this.#lastMs);
    return `${this.#lastMs}-${this.#number}`;
  }
}
