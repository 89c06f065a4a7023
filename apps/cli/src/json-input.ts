import { readFileSync } from "node:fs";
import { describeJsonType, isJsonObject, type JsonObject } from "@sluice/protocol";
import { ArgumentError, messageOf } from "./command-error.ts";

/** Reads an argument that is JSON, or a file of it. */
export function readJson(argument: string): unknown {
  return /^\s*[[{]/.test(argument) ? parseArgument(argument, "the argument") : readJsonFile(argument);
}

/** Reads an option that is a JSON object, or a file of one. */
export function readObject(option: string, argument: string): JsonObject {
  const value = readJson(argument);
  if (isJsonObject(value)) return value;
  throw new ArgumentError(`${option}: expected a JSON object, got ${describeJsonType(value)}`);
}

/** Reads a file of JSON. */
export function readJsonFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ArgumentError(`expected JSON or a file that can be read, got ${file}: ${messageOf(error)}`);
  }
  return parseArgument(text, file);
}

/**
 * Reads JSON.
 * @param refuse makes what is thrown where there is something else, which it is told in words
 */
export function parseJson(text: string, refuse: (got: string) => Error): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse(describeBroken(text, error));
  }
}

/** Says what came in place of JSON, and nothing of what it holds: that may be secret. */
export function describeBroken(text: string, error: unknown): string {
  const [, position] = /at position (\d+)/.exec(String(error)) ?? [];
  const where = position === undefined ? "" : `, broken at ${position}`;
  return `${text.length} characters of something else${where}`;
}

function parseArgument(text: string, where: string): unknown {
  return parseJson(text, (got) => new ArgumentError(`expected JSON in ${where}, got ${got}`));
}
