import type { Collection } from "@sluice/protocol";

/** A topic that a record event matches, and the rule that guards it. */
export interface RecordTopic {
  readonly topic: string;
  readonly rule: "listRule" | "viewRule";
}

/**
 * The topics of a record: under the collection's name and id, the record's own (view rule), all records (list rule)
 * and the bare collection, PocketBase's older form of all records.
 * @see PocketBase apis/realtime.go realtimeBroadcastRecord
 */
export function recordTopics(collection: Collection, recordId: string): readonly RecordTopic[] {
  const { name, id } = collection;
  const keys = name === id ? [name] : [name, id];
  return keys.flatMap((key) => [
    { topic: `${key}/${recordId}`, rule: "viewRule" },
    { topic: `${key}/*`, rule: "listRule" },
    { topic: key, rule: "listRule" },
  ]);
}
