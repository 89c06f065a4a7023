import { createHash } from "node:crypto";
import { type Identity, identityKey } from "@sluice/protocol";

/** What clients with the same identity and the same set of subscriptions have in common, as a short text. */
export function likenessOf(identity: Identity, subscriptions: readonly string[]): string {
  const text = JSON.stringify([identityKey(identity), [...new Set(subscriptions)].toSorted()]);
  return createHash("sha256").update(text).digest("base64url");
}
