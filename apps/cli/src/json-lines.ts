import type { SeededRow } from "@sluice/backplane";
import { describeJsonType, isJsonObject, isKeptId } from "@sluice/protocol";
import { InputError } from "./command-error.ts";

/** A line that is not empty, and its number from 1. */
interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** Lines, some at a time. */
export type LineBatches = AsyncIterable<readonly string[]> | Iterable<readonly string[]>;

/** Numbers lines and leaves out the empty ones; they stay together as they came. */
export async function* numberLines(batches: LineBatches): AsyncGenerator<readonly NumberedLine[]> {
  let before = 0;
  for await (const lines of batches) {
    const first = before + 1;
    before += lines.length;
    yield lines
      .map((line, index) => ({ number: first + index, text: line.trim() }))
      .filter(({ text }) => text !== "");
  }
}

/**
 * Reads rows, one JSON object on each line.
 * @throws {InputError} with the number of the line
 */
export async function* readRowLines(batches: LineBatches): AsyncGenerator<SeededRow> {
  for await (const lines of numberLines(batches)) {
    for (const line of lines) yield [readId(line), line.text];
  }
}

function parseRow({ number, text }: NumberedLine): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [, position] = /at position (\d+)/.exec(String(error)) ?? [];
    const where = position === undefined ? "" : `, broken at ${position}`;
    throw new InputError(
      `line ${number}: expected a row as JSON, all of it on one line, got ${text.length} characters of something else${where}`,
    );
  }
}

function readId(line: NumberedLine): string {
  const { number } = line;
  const row = parseRow(line);
  if (!isJsonObject(row)) {
    throw new InputError(`line ${number}: expected a row as a JSON object, got ${describeJsonType(row)}`);
  }
  const { id } = row;
  if (typeof id === "string" && isKeptId(id)) return id;
  const got = typeof id === "string" ? JSON.stringify(id) : describeJsonType(id);
  throw new InputError(
    `line ${number}: expected id to be a non-empty string other than "*" that does not begin with "@", got ${got}`,
  );
}
