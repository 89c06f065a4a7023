import type { Pin } from "@sluice/rules";
import { type OneOrMore, unfold, withOne, withoutOne } from "./one-or-more.ts";
import { TextMap } from "./text-map.ts";

/** Most places at which the words of one record are looked into. */
const maxParts = 10_000;

/** Finds whom one look-up of a rule pins to a value. */
export class PinIndex<T extends object> {
  readonly #byKey = new TextMap<OneOrMore<T>>();
  /** Who has no key, and is to be asked each time. */
  readonly #unkeyed = new Set<T>();
  /** How many keys there are of each length. */
  readonly #lengths = new Map<number, number>();

  get unkeyed(): readonly T[] {
    return this.#unkeyed.size === 0 ? [] : [...this.#unkeyed];
  }

  /** @param keys nothing for one who has none */
  add(item: T, keys: readonly string[] | undefined): void {
    if (keys === undefined) this.#unkeyed.add(item);
    for (const key of keys ?? []) {
      const items = this.#byKey.get(key);
      if (items === undefined) this.#countLength(key, 1);
      this.#byKey.set(key, withOne(items, item));
    }
  }

  remove(item: T, keys: readonly string[] | undefined): void {
    if (keys === undefined) this.#unkeyed.delete(item);
    for (const key of keys ?? []) {
      const items = this.#byKey.get(key);
      if (items === undefined || withoutOne(items, item) !== undefined) continue;
      this.#byKey.delete(key);
      this.#countLength(key, -1);
    }
  }

  /**
   * Finds those whom a record's values pin by a key; one who has several, maybe several times.
   * @returns nothing where they are too many to look up: anybody may be pinned
   */
  find({ keys, findsParts }: Pick<Pin, "keys" | "findsParts">): readonly T[] | undefined {
    if (!findsParts) return this.#findAll(keys);
    return this.#partCount(keys) > maxParts ? undefined : this.#findAll(keys.flatMap(this.#partsOf));
  }

  #findAll(keys: readonly string[]): readonly T[] {
    const places: (OneOrMore<T> | undefined)[] = [];
    for (const key of keys) places.push(this.#byKey.get(key));
    return unfold(places);
  }

  readonly #partsOf = (word: string): readonly string[] => {
    const parts: string[] = [];
    for (const length of this.#lengths.keys()) {
      for (let at = 0; at + length <= word.length; at++) parts.push(word.slice(at, at + length));
    }
    return parts;
  };

  #partCount(words: readonly string[]): number {
    return words.reduce((count, word) => count + word.length * this.#lengths.size, 0);
  }

  #countLength({ length }: string, change: 1 | -1): void {
    const count = (this.#lengths.get(length) ?? 0) + change;
    if (count === 0) this.#lengths.delete(length);
    else this.#lengths.set(length, count);
  }
}
