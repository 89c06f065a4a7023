import { type AuthRecord, compareEntries, type JsonObject, keyMark } from "@sluice/protocol";
import type { Records } from "@sluice/rules";

/** The rows that identities are read from. */
export type AuthRows = Pick<Records, "has" | "get">;

/** What PocketBase keeps of an auth record in memory, and still reads when its row is gone. */
const keptFields = new Set(["id", "collectionId", "collectionName", "email", "emailVisibility", "verified"]);

/**
 * An identity as its auth record's row is now: rules read the row, and nothing of the token.
 * Where the rows of its collection are not at hand, it is what the token says.
 * @see PocketBase apis/realtime.go realtimeUpdateClientsAuth
 */
export function currentIdentity(identity: AuthRecord, rows: AuthRows): AuthRecord {
  const { collectionId, id, claims } = identity;
  if (!rows.has(collectionId)) return identity;
  const row = rows.get(collectionId, id);
  return { ...identity, claims: row ?? keptOf(claims) };
}

function keptOf(claims: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => keptFields.has(name)));
}

/** An identity with the token key that its record has now as its proof, if it has none: it is good until that changes. */
export function provenNow(identity: AuthRecord, rows: AuthRows, entry: string): AuthRecord {
  const row = rows.get(identity.collectionId, identity.id);
  if (identity.proof !== undefined || row === undefined) return identity;
  return { ...identity, proof: { keyMark: keyMark(row["tokenKey"]), entry } };
}

/**
 * Whether the token behind an identity is good no more: its record is gone, or has another token key than the token was
 * verified with.
 * @param entry the place in the log at which the rows are
 */
export function isRevoked({ collectionId, id, proof }: AuthRecord, rows: AuthRows, entry: string): boolean {
  if (proof === undefined || !rows.has(collectionId) || compareEntries(proof.entry, entry) > 0) return false;
  const row = rows.get(collectionId, id);
  if (row === undefined) return true;
  const mark = keyMark(row["tokenKey"]);
  // a writer that leaves the token key out says nothing of it
  return mark !== "" && proof.keyMark !== "" && mark !== proof.keyMark;
}

/** Whether an identity was proven where the node is yet to come: what happens up to there does not end it. */
export function isProvenBehind({ proof }: AuthRecord, entry: string | undefined): boolean {
  return proof !== undefined && entry !== undefined && compareEntries(proof.entry, entry) >= 0;
}
