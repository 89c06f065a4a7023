import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { ArgumentError, InputError, messageOf } from "./command-error.ts";

/** Most characters of one line. */
const maxLineChars = 16 * 1_048_576;

/** A line that is not empty. */
export interface InputLine {
  /** From 1; empty lines count too. */
  readonly number: number;
  readonly text: string;
}

/** A file, or standard input, that is read line by line. */
export interface InputLines {
  /** The lines, as many at a time as came at once; the next are read when these are taken. */
  readonly batches: AsyncIterable<readonly InputLine[]>;
  /** Nothing where that is not known. */
  readonly totalBytes: number | undefined;
  readonly bytesRead: () => number;
}

/**
 * Opens what an argument names.
 * @param file `-` is standard input
 * @throws {ArgumentError} where it cannot be opened
 */
export async function openLines(file: string): Promise<InputLines> {
  if (file === "-") {
    const batches = readBatches(process.stdin, "standard input");
    return { batches, totalBytes: undefined, bytesRead: () => 0 };
  }
  try {
    const handle = await open(file);
    const { size } = await handle.stat();
    const stream = handle.createReadStream();
    return { batches: readBatches(stream, file), totalBytes: size, bytesRead: () => stream.bytesRead };
  } catch (error) {
    throw new ArgumentError(`expected a file that can be read, got ${file}: ${messageOf(error)}`);
  }
}

async function* readBatches(input: Readable, name: string): AsyncGenerator<readonly InputLine[]> {
  let [rest, number] = ["", 0];
  const numberLines = (lines: readonly string[]): readonly InputLine[] =>
    lines.map((line) => ({ number: ++number, text: line.trim() })).filter(({ text }) => text !== "");
  input.setEncoding("utf8");
  try {
    for await (const chunk of input) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxLineChars) throw new RangeError(`a line of over ${maxLineChars} characters`);
      yield numberLines(lines);
    }
  } catch (error) {
    throw new InputError(`expected lines that can be read, got ${name}: ${messageOf(error)}`);
  }
  yield numberLines([rest]);
}
