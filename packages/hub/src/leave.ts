import { encodeJson, type RecordEvent, type Subscription } from "@sluice/protocol";

/** Whether a subscriber asked to be told when a record that it saw is its to see no more. */
export function wantsLeave({ options }: Subscription): boolean {
  return options.query["leave"] === "true";
}

/** A record as it was before an update; nothing where the writer left out a field of it, which would read as empty. */
export function rowBefore({ action, record, before }: RecordEvent): RecordEvent["record"] | undefined {
  if (action !== "update" || before === undefined) return undefined;
  const { id, collectionId, collectionName } = record;
  const row = { collectionId, collectionName, ...before, id };
  return Object.keys(record).every((name) => name in row) ? row : undefined;
}

/** The data line that says so: nothing of the record but its id. */
export function encodeLeave(id: string): string {
  return `{"record":{"id":${encodeJson(id)}},"action":"leave"}`;
}
