import type { Cell } from "./row.ts";
import { work } from "./work.ts";

/** Cells among which some are looked for. */
export interface Candidates {
  readonly cells: Iterable<Cell>;
  /** Whether one of them is looked for; absent where all are. */
  readonly keeps?: ((cell: Cell) => boolean) | undefined;
}

/** What is looked for, found in that of several ways which ends first, at the price of so many times its length. */
export function shortest(ways: readonly Candidates[]): readonly Cell[] {
  const runs = ways.map(({ cells, keeps }) => ({
    iterator: cells[Symbol.iterator](),
    keeps,
    taken: new Array<Cell>(),
  }));
  for (;;) {
    work(2 * runs.length);
    for (const { iterator, keeps, taken } of runs) {
      const next = iterator.next();
      if (next.done === true) return taken;
      if (keeps === undefined || keeps(next.value)) taken.push(next.value);
    }
  }
}
