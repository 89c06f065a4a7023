import type { SeededRow } from "@sluice/backplane";
import { describeJsonType, isJsonObject, isKeptId } from "@sluice/protocol";
import { InputError } from "./command-error.ts";
import type { InputLine, InputLines } from "./input-lines.ts";
import { parseJson } from "./json-input.ts";

/**
 * Reads rows, one JSON object on each line.
 * @throws {InputError} with the number of the line
 */
export async function* readRows({ batches }: InputLines): AsyncGenerator<SeededRow> {
  for await (const lines of batches) {
    for (const line of lines) yield [readId(line), line.text];
  }
}

function readId({ number, text }: InputLine): string {
  const refuse = (expected: string, got: string): InputError =>
    new InputError(`line ${number}: expected ${expected}, got ${got}`);
  const row = parseJson(text, (got) => refuse("a row as JSON, all of it on one line", got));
  if (!isJsonObject(row)) throw refuse("a row as a JSON object", describeJsonType(row));
  const { id } = row;
  if (typeof id === "string" && isKeptId(id)) return id;
  const got = typeof id === "string" ? JSON.stringify(id) : describeJsonType(id);
  throw refuse('id to be a non-empty string other than "*" that does not begin with "@"', got);
}
