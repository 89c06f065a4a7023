import { readFileSync } from "node:fs";
import { describeJsonType, isJsonObject, type JsonObject } from "@sluice/protocol";
import { ArgumentError, messageOf } from "./command-error.ts";

/** Reads an argument that is JSON, or a file of it. */
export function readJson(argument: string): unknown {
  return /^\s*[[{]/.test(argument) ? parseJson(argument, "the argument") : readJsonFile(argument);
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
  return parseJson(text, file);
}

/** Says what came in place of JSON, and nothing of what it holds: that may be secret. */
export function describeBroken(text: string, error: unknown): string {
  const [, position] = /at position (\d+)/.exec(String(error)) ?? [];
  const where = position === undefined ? "" : `, broken at ${position}`;
  return `${text.length} characters of something else${where}`;
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ArgumentError(`expected JSON in ${where}, got ${describeBroken(text, error)}`);
  }
}
