import type { Pin } from "@sluice/rules";
import { allOf, type OneOrMore, withOne, withoutOne } from "./one-or-more.ts";
import { TextMap } from "./text-map.ts";

/** Most places at which the words of one record are looked into. */
const maxParts = 10_000;

/** Finds whom one look-up of a rule pins to a value. */
export class PinIndex<T> {
  readonly #byKey = new TextMap<OneOrMore<T>>();
  /** Who has no key, and is to be asked each time. */
  readonly #unkeyed = new Set<T>();
  /** How many keys there are of each length. */
  readonly #lengths = new Map<number, number>();

  get unkeyed(): Iterable<T> {
    return this.#unkeyed;
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
   * @returns false where they are too many to look up: anybody may be pinned
   */
  find({ keys, findsParts }: Pick<Pin, "keys" | "findsParts">, take: (item: T) => void): boolean {
    if (findsParts && this.#partCount(keys) > maxParts) return false;
    for (const key of keys) {
      if (findsParts) this.#findParts(key, take);
      else this.#findKey(key, take);
    }
    return true;
  }

  #findKey(key: string, take: (item: T) => void): void {
    for (const item of allOf(this.#byKey.get(key))) take(item);
  }

  #findParts(word: string, take: (item: T) => void): void {
    for (const length of this.#lengths.keys()) {
      for (let at = 0; at + length <= word.length; at++) this.#findKey(word.slice(at, at + length), take);
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
