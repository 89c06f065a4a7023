import type { SeededRow } from "../backplane.ts";

/** What is written at once: so many rows, or so many characters of them. */
const batchRows = 1_000;
const batchChars = 1_048_576;

/** Gathers rows as they come, to be written many at once. */
export class RowBatches {
  readonly #rows: AsyncIterable<SeededRow>;
  #fault: unknown;

  constructor(rows: AsyncIterable<SeededRow>) {
    this.#rows = rows;
  }

  /** What the rows themselves ended with, if they did not come to their end. */
  get fault(): unknown {
    return this.#fault;
  }

  async *batches(): AsyncGenerator<readonly SeededRow[]> {
    let batch: SeededRow[] = [];
    let chars = 0;
    try {
      for await (const row of this.#rows) {
        batch.push(row);
        chars += row[0].length + row[1].length;
        if (batch.length < batchRows && chars < batchChars) continue;
        yield batch;
        [batch, chars] = [[], 0];
      }
    } catch (error) {
      this.#fault = error;
      throw error;
    }
    if (batch.length > 0) yield batch;
  }
}
