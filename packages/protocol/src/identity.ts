import { superusers } from "./collection.ts";
import type { CollectionSet } from "./collection-set.ts";
import { isJsonObject, type JsonObject } from "./json-object.ts";

/** Who stands behind a client: nobody known, or an auth record, superusers among them. */
export type Identity = Guest | AuthRecord;

export interface Guest {
  readonly kind: "guest";
}

export interface AuthRecord {
  readonly kind: "record" | "superuser";
  readonly id: string;
  readonly collectionId: string;
  readonly collectionName: string;
  /** The token's claims, as rules read them under `@request.auth`. */
  readonly claims: JsonObject;
  /** What the token was verified by, where that was the record's own key. */
  readonly proof?: TokenProof;
}

/** By which token key of its record a token was found good, and when: the record may have another one since. */
export interface TokenProof {
  /** See {@link keyMark}. */
  readonly keyMark: string;
  /** The entry of the log behind which the node was that found it good; empty before the first. */
  readonly entry: string;
}

export const guest: Guest = { kind: "guest" };

/** What a set of claims is read against. */
export interface IdentityContext {
  readonly collections: CollectionSet;
  /** The auth collection, by name or id, of a token that names none. */
  readonly authCollection: string;
}

/**
 * Reads the identity of a verified token: PocketBase's claims (`id`, `collectionId`, `type: "auth"`) where present,
 * else `sub` is the id. Claims that name no auth record make a guest.
 * @see PocketBase apis/middlewares.go loadAuthToken
 */
export function identityOf(claims: JsonObject, { collections, authCollection }: IdentityContext): Identity {
  const named = claims["collectionId"] ?? claims["collectionName"];
  if (claims["type"] !== undefined && claims["type"] !== "auth") return guest;
  // PocketBase signs tokens of other types with the same claims: without the type it is none of the auth tokens
  if (claims["collectionId"] !== undefined && claims["type"] !== "auth") return guest;
  const id = claims["id"] ?? claims["sub"];
  const key = named ?? authCollection;
  if (typeof id !== "string" || id === "" || typeof key !== "string" || key === "") return guest;
  if (key === superusers.name || key === superusers.id) return superuser(id, claims);
  const collection = collections.find(key);
  if (collection !== undefined && collection.type !== "auth") return guest;
  const { id: collectionId, name: collectionName } = collection ?? { id: key, name: key };
  return { kind: "record", id, collectionId, collectionName, claims };
}

function superuser(id: string, claims: JsonObject): AuthRecord {
  const { id: collectionId, name: collectionName } = superusers;
  return { kind: "superuser", id, collectionId, collectionName, claims };
}

/** The text by which two identities are compared: empty for guests, else collection id and record id. */
export function identityKey(identity: Identity): string {
  return identity.kind === "guest" ? "" : `${identity.collectionId}/${identity.id}`;
}

/**
 * Reads an identity that `JSON.stringify` wrote on another node.
 * @returns guest for anything else
 */
export function parseIdentity(value: unknown): Identity {
  if (!isJsonObject(value)) return guest;
  const { kind, id, collectionId, collectionName, claims, proof } = value;
  if (kind !== "record" && kind !== "superuser") return guest;
  if (typeof id !== "string" || typeof collectionId !== "string") return guest;
  if (typeof collectionName !== "string" || !isJsonObject(claims)) return guest;
  const identity: AuthRecord = { kind, id, collectionId, collectionName, claims };
  return proof === undefined ? identity : withProof(identity, proof);
}

function withProof(identity: AuthRecord, value: unknown): Identity {
  const { keyMark, entry } = isJsonObject(value) ? value : {};
  if (typeof keyMark !== "string" || typeof entry !== "string") return guest;
  return { ...identity, proof: { keyMark, entry } };
}
