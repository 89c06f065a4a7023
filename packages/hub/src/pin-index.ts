import type { Pin } from "@sluice/rules";

/** Most places at which the words of one record are looked into. */
const maxParts = 10_000;

/** Finds whom one look-up of a rule pins to a value. */
export class PinIndex<T> {
  /** Most keys have one: a set for each would be one more place to look at. */
  readonly #byKey = new Map<string, T | Set<T>>();
  /** Who has no key, and is to be asked each time. */
  readonly #unkeyed = new Set<T>();
  /** How many keys there are of each length. */
  readonly #lengths = new Map<number, number>();

  /** @param keys nothing for one who has none */
  add(item: T, keys: readonly string[] | undefined): void {
    if (keys === undefined) this.#unkeyed.add(item);
    for (const key of keys ?? []) {
      const items = this.#byKey.get(key);
      if (items === undefined) {
        this.#byKey.set(key, item);
        this.#countLength(key, 1);
      } else if (items instanceof Set) items.add(item);
      else if (items !== item) this.#byKey.set(key, new Set([items, item]));
    }
  }

  remove(item: T, keys: readonly string[] | undefined): void {
    if (keys === undefined) this.#unkeyed.delete(item);
    for (const key of keys ?? []) {
      const items = this.#byKey.get(key);
      const isLast = items instanceof Set ? items.delete(item) && items.size === 0 : items === item;
      if (!isLast) continue;
      this.#byKey.delete(key);
      this.#countLength(key, -1);
    }
  }

  /**
   * Adds those whom a record's values pin.
   * @returns false where they are too many to look up: anybody may be pinned
   */
  collect({ keys, findsParts }: Omit<Pin, "slot">, found: Set<T>): boolean {
    for (const item of this.#unkeyed) found.add(item);
    if (findsParts && this.#partCount(keys) > maxParts) return false;
    for (const key of keys) {
      if (findsParts) this.#collectParts(key, found);
      else this.#collectKey(key, found);
    }
    return true;
  }

  #collectKey(key: string, found: Set<T>): void {
    const items = this.#byKey.get(key);
    if (items instanceof Set) for (const item of items) found.add(item);
    else if (items !== undefined) found.add(items);
  }

  #collectParts(word: string, found: Set<T>): void {
    for (const length of this.#lengths.keys()) {
      for (let at = 0; at + length <= word.length; at++) this.#collectKey(word.slice(at, at + length), found);
    }
  }

  #partCount(words: readonly string[]): number {
    return words.reduce((count, word) => count + word.length * this.#lengths.size, 0);
  }

  #countLength({ length }: string, change: 1 | -1): void {
    const count = (this.#lengths.get(length) ?? 0) + change;
    if (count === 0) this.#lengths.delete(length);
    else this.#lengths.set(length, count);
  }
}
