/** How many cursors are kept. */
const maxCursors = 100;

/** Longest time in which a client comes back: SDKs wait 2 s, and a hidden tab's timers fire once a minute. */
const comeBackMs = 120_000;

/** What a source leaves to its successor. */
interface Legacy {
  readonly cursor: string;
  /** Whether there may be no successor: the source was closed while it was well. */
  readonly isDoubtful: boolean;
}

interface KeptCursor extends Legacy {
  readonly url: string;
  readonly givenMs: number;
}

/** The cursors of sources that ended, until their successors take them: at most 100, then the first is forgotten. */
export class KeptCursors {
  readonly #nowMs: () => number;
  #kept: readonly KeptCursor[] = [];

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Keeps a cursor. Those of its URL that nobody came for meanwhile are forgotten: they would be offered for ever. */
  give(url: string, legacy: Legacy): void {
    const others = this.#kept.filter((other) => other.url !== url || this.#isRecent(other));
    this.#kept = [...others, { ...legacy, url, givenMs: this.#nowMs() }].slice(-maxCursors);
  }

  /**
   * Takes a cursor of a URL. Whose it was cannot be told: where several are left, each successor begins at the earliest,
   * and may get again what it has had.
   * @returns an empty text where there is none
   */
  take(url: string): string {
    const ofUrl = this.#kept
      .filter((kept) => kept.url === url && (!kept.isDoubtful || this.#isRecent(kept)))
      .toSorted((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1));
    const latest = ofUrl.at(-1);
    this.#kept = this.#kept.filter((kept) => kept !== latest);
    return ofUrl[0]?.cursor ?? "";
  }

  #isRecent({ givenMs }: KeptCursor): boolean {
    return this.#nowMs() - givenMs < comeBackMs;
  }
}

/** Sorts as the log does: by numbers of up to 20 digits, and what is inside an event before what is behind it. */
function sortKey({ cursor }: KeptCursor): string {
  const [entry = "", place = "~"] = cursor.split(".");
  return entry.replaceAll(/\d+/g, (digits) => digits.padStart(20, "0")) + place;
}
