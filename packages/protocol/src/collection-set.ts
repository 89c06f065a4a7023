import type { Collection } from "./collection.ts";

/** The collections of a deployment, found by name and by id; both match in topics, events and tokens. */
export class CollectionSet implements Iterable<Collection> {
  readonly #byKey = new Map<string, Collection>();
  readonly #all: readonly Collection[];

  constructor(collections: readonly Collection[] = []) {
    this.#all = collections;
    for (const collection of collections) {
      this.#byKey.set(collection.id, collection);
      this.#byKey.set(collection.name, collection);
    }
  }

  find(nameOrId: string): Collection | undefined {
    return this.#byKey.get(nameOrId);
  }

  [Symbol.iterator](): Iterator<Collection> {
    return this.#all[Symbol.iterator]();
  }
}
