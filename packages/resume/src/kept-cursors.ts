/** How many URLs are remembered, and how many cursors of each; the oldest are forgotten first. */
const maxUrls = 100;
const maxCursors = 100;

/** The cursors of sources that ended, until their successors take them. */
export class KeptCursors {
  readonly #cursors = new Map<string, string[]>();

  give(url: string, cursor: string): void {
    const kept = this.#cursors.get(url) ?? [];
    this.#cursors.delete(url);
    this.#cursors.set(url, kept);
    kept.push(cursor);
    kept.sort(compareCursors);
    if (kept.length > maxCursors) kept.pop();
    const [oldest] = this.#cursors.keys();
    if (this.#cursors.size > maxUrls && oldest !== undefined) this.#cursors.delete(oldest);
  }

  /**
   * Takes a cursor of a URL. Whose it was cannot be told: where several are left, each successor begins at the earliest,
   * and may get again what it has had.
   * @returns an empty text where there is none
   */
  take(url: string): string {
    const kept = this.#cursors.get(url) ?? [];
    const [earliest = ""] = kept;
    kept.pop();
    if (kept.length === 0) this.#cursors.delete(url);
    return earliest;
  }
}

function compareCursors(one: string, other: string): number {
  const [ms = 0, number = 0] = one.split(/[-.]/).map(Number);
  const [otherMs = 0, otherNumber = 0] = other.split(/[-.]/).map(Number);
  return ms - otherMs || number - otherNumber;
}
