/**
 * Reads a little of each thing and does nothing else, so that the processor fetches many of them at the same time,
 * wherever they lie in memory. Whatever is done with them next would wait for one after the other.
 * @returns how many there are; what nobody asked for would not be read
 */
export function prefetch(things: readonly unknown[]): number {
  let count = 0;
  for (const thing of things) if (typeof thing === "object") count += 1;
  return count;
}
