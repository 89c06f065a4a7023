import { type Collection, type RecordEvent, superusers } from "@sluice/protocol";

/** The collection id that identities of an event's record have; an auth collection need not be known. */
export function authCollectionOf(
  { collection: key }: RecordEvent,
  collection: Collection | undefined,
): string {
  return collection?.id ?? (key === superusers.name ? superusers.id : key);
}

/** A new token key ends the tokens that the old one signed; a writer that leaves it out says nothing of it. */
export function changesTokenKey({ action, record, before }: RecordEvent): boolean {
  const [old, current] = [before?.["tokenKey"], record["tokenKey"]];
  return action === "update" && old !== undefined && current !== undefined && old !== current;
}
