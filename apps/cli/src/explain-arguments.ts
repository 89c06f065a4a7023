import { readFileSync } from "node:fs";
import {
  CollectionSet,
  type CustomMessage,
  guest,
  type Identity,
  identityOf,
  isJsonObject,
  parseCollections,
  readEvent,
  type RecordEvent,
  superusers,
} from "@sluice/protocol";

/** Thrown where an argument is not what was expected. */
export class ArgumentError extends Error {
  readonly code = "bad_argument";

  constructor(message: string) {
    super(message);
    this.name = "ArgumentError";
  }
}

/** Reads collections from a file in PocketBase's export format. */
export function readCollections(file: string): CollectionSet {
  const { collections, problems } = parseCollections(parseJson(readText(file), file));
  if (problems.length > 0) throw new ArgumentError(`--collections ${file}: ${problems.join("; ")}`);
  return new CollectionSet(collections);
}

/** Reads an event from JSON or a file. */
export function readEventArgument(argument: string): RecordEvent | CustomMessage {
  const parsed = readEvent(readJson(argument));
  if ("malformed" in parsed) throw new ArgumentError(`--event: ${parsed.malformed}`);
  return parsed.event;
}

/** Reads who asks: `guest`, `superuser`, or the claims of a token. */
export function readIdentity(argument: string, collections: CollectionSet): Identity {
  if (argument === "guest") return guest;
  const claims =
    argument === "superuser" ? { id: "superuser", collectionName: superusers.name } : readJson(argument);
  if (!isJsonObject(claims))
    throw new ArgumentError(`--identity: expected an object of claims, got ${argument}`);
  const identity = identityOf({ type: "auth", ...claims }, { collections, authCollection: "users" });
  if (identity.kind === "guest") {
    throw new ArgumentError(
      `--identity: expected claims with id and collectionName (or collectionId) of an auth collection, got ${argument}`,
    );
  }
  return identity;
}

function readJson(argument: string): unknown {
  return /^\s*[[{]/.test(argument)
    ? parseJson(argument, "the argument")
    : parseJson(readText(argument), argument);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
