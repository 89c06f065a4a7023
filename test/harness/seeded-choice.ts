import { seededRandom } from "./seeded-random.ts";

/** Choices that are the same for the same seed. */
export class SeededChoice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  integer(below: number): number {
    return Math.floor(this.#random() * below);
  }

  /** @throws {TypeError} where there is nothing to choose from */
  of<T>(items: readonly T[]): T {
    const item = items[this.integer(items.length)];
    if (item === undefined) throw new TypeError("expected something to choose from");
    return item;
  }

  /** A text of up to so many pieces. */
  text(pieces: readonly string[], maxPieces: number): string {
    return Array.from({ length: this.integer(maxPieces + 1) }, () => this.of(pieces)).join("");
  }
}
