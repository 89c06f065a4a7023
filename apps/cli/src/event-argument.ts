import {
  type CollectionSet,
  type CustomMessage,
  guest,
  type Identity,
  identityOf,
  readEvent,
  type RecordEvent,
  superusers,
} from "@sluice/protocol";
import { ArgumentError } from "./command-error.ts";
import { readJson, readObject } from "./json-input.ts";

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
    argument === "superuser"
      ? { id: "superuser", collectionName: superusers.name }
      : readObject("--identity", argument);
  const identity = identityOf({ type: "auth", ...claims }, { collections, authCollection: "users" });
  if (identity.kind !== "guest") return identity;
  throw new ArgumentError(
    `--identity: expected claims with id and collectionName (or collectionId) of an auth collection, got ${argument}`,
  );
}
