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

  of<T>(items: readonly [T, ...T[]]): T {
    return items[this.integer(items.length)] ?? items[0];
  }

  /** A text of up to so many pieces. */
  text(pieces: readonly [string, ...string[]], maxPieces: number): string {
    return Array.from({ length: this.integer(maxPieces + 1) }, () => this.of(pieces)).join("");
  }
}
