import { readFileSync } from "node:fs";
import { CollectionSet, parseCollections } from "@sluice/protocol";
import { ArgumentError, messageOf } from "./command-error.ts";

/** Reads collections from a file in PocketBase's export format. */
export function readCollections(file: string): CollectionSet {
  const { collections, problems } = parseCollections(readJsonFile(file));
  if (problems.length > 0) throw new ArgumentError(`--collections ${file}: ${problems.join("; ")}`);
  return new CollectionSet(collections);
}

/** Reads an argument that is JSON, or a file of it. */
export function readJson(argument: string): unknown {
  return /^\s*[[{]/.test(argument)
    ? parseJson(argument, "the argument")
    : parseJson(readText(argument), argument);
}

/** Reads a file of JSON. */
export function readJsonFile(file: string): unknown {
  return parseJson(readText(file), file);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ArgumentError(`expected JSON or a file that can be read, got ${file}: ${messageOf(error)}`);
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ArgumentError(`expected JSON in ${where}: ${messageOf(error)}`);
  }
}
