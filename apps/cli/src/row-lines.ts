import type { SeededRow } from "@sluice/backplane";
import { describeJsonType, isJsonObject, isKeptId } from "@sluice/protocol";
import { InputError } from "./command.ts";

/**
 * Reads rows, one JSON object on each line; empty lines are none.
 * @throws {InputError} with the number of the line
 */
export async function* readRowLines(lines: AsyncIterable<string>): AsyncGenerator<SeededRow> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    const text = line.trim();
    if (text !== "") yield [readId(text, number), text];
  }
}

function readId(text: string, number: number): string {
  const row = parseJson(text, number);
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

function parseJson(text: string, number: number): unknown {
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
