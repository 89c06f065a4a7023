import { prefetch } from "./prefetch.ts";

/** One thing or several, where most places have one: a set for each would cost more than the things. None is a set itself. */
export type OneOrMore<T> = T | Set<T>;

/** With one thing more; a set is changed in place. */
export function withOne<T>(things: OneOrMore<T> | undefined, thing: T): OneOrMore<T> {
  if (things instanceof Set) return things.add(thing);
  return things === undefined || things === thing ? thing : new Set([things, thing]);
}

/** Without one of them; a set is changed in place. Nothing where none is left. */
export function withoutOne<T>(things: OneOrMore<T> | undefined, thing: T): OneOrMore<T> | undefined {
  if (!(things instanceof Set)) return things === thing ? undefined : things;
  things.delete(thing);
  return things.size === 0 ? undefined : things;
}

/** All of them. */
export function allOf<T>(things: OneOrMore<T> | undefined): ReadonlySet<T> | readonly T[] {
  if (things instanceof Set) return things;
  return things === undefined ? [] : [things];
}

/** How many there are. */
export function countOf<T>(things: OneOrMore<T> | undefined): number {
  if (things instanceof Set) return things.size;
  return things === undefined ? 0 : 1;
}

/** All that stands in several places, in their order. */
export function unfold<T extends object>(places: readonly (OneOrMore<T> | undefined)[]): readonly T[] {
  if (prefetch(places) === 0) return [];
  const all: T[] = [];
  for (const things of places) {
    if (things instanceof Set) for (const thing of things) all.push(thing);
    else if (things !== undefined) all.push(things);
  }
  return all;
}
