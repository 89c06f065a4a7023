import type { SeededRow } from "../backplane.ts";

/** What is written at once: so many rows, or so many characters of them. */
const batchRows = 1_000;
const batchChars = 1_048_576;

/**
 * Gathers rows as they come, to be written many at once.
 * @param onFault is told what the rows themselves end with, if they do not come to their end; it is thrown all the same
 */
export async function* batchesOf(
  rows: AsyncIterable<SeededRow>,
  onFault: (error: unknown) => void,
): AsyncGenerator<readonly SeededRow[]> {
  let batch: SeededRow[] = [];
  let chars = 0;
  try {
    for await (const row of rows) {
      batch.push(row);
      chars += row[0].length + row[1].length;
      if (batch.length < batchRows && chars < batchChars) continue;
      yield batch;
      [batch, chars] = [[], 0];
    }
  } catch (error) {
    onFault(error);
    throw error;
  }
  if (batch.length > 0) yield batch;
}
