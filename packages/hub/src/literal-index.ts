import type { LiteralPin, Subject } from "@sluice/rules";

type Value = LiteralPin["value"];

/** Items by the literals of which a record must have one, so that a record finds its own among many. */
export class LiteralIndex<T> {
  readonly #byName = new Map<
    string,
    { readonly valuesOf: LiteralPin["valuesOf"]; readonly items: Map<Value, Set<T>> }
  >();
  /** Those without literals. */
  readonly #others = new Set<T>();

  add(item: T, pins: readonly LiteralPin[] | undefined): void {
    if (pins === undefined) this.#others.add(item);
    for (const { name, value, valuesOf } of pins ?? []) {
      const field = this.#byName.get(name) ?? { valuesOf, items: new Map<Value, Set<T>>() };
      this.#byName.set(name, field);
      field.items.set(value, (field.items.get(value) ?? new Set<T>()).add(item));
    }
  }

  remove(item: T, pins: readonly LiteralPin[] | undefined): void {
    if (pins === undefined) this.#others.delete(item);
    for (const { name, value } of pins ?? []) {
      const field = this.#byName.get(name);
      const items = field?.items.get(value);
      if (items?.delete(item) !== true || items.size > 0) continue;
      field?.items.delete(value);
      if (field?.items.size === 0) this.#byName.delete(name);
    }
  }

  /** The items whose literals a record has, and all without. */
  find(subject: Subject): Iterable<T> {
    if (this.#byName.size === 0) return this.#others;
    const found = new Set(this.#others);
    for (const { valuesOf, items } of this.#byName.values()) {
      const values = valuesOf(subject) ?? items.keys();
      for (const value of values) for (const item of items.get(value) ?? []) found.add(item);
    }
    return found;
  }
}
