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
