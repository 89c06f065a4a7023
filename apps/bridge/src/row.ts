import { encodeSortedJson, isJsonObject, type JsonObject } from "@sluice/protocol";

/** A record as a superuser gets it, hidden fields and e-mail included. */
export type Row = JsonObject & { readonly id: string };

/** One create, update or delete, as PocketBase told it or as a comparison found it. */
export interface Change {
  readonly action: "create" | "update" | "delete";
  /** The collection's name. */
  readonly collection: string;
  /** The row; on delete as it was. */
  readonly record: Row;
}

/** Tells a record from what is none. */
export function isRow(value: unknown): value is Row {
  return isJsonObject(value) && typeof value["id"] === "string" && value["id"] !== "";
}

/** Names a record among those of all collections; a collection's name has no slash. */
export function recordKey({ collection, record }: Change): string {
  return `${collection}/${record.id}`;
}

/** A text that is the same for rows which say the same, in whatever order their keys come. */
export function textOf(row: Row): string {
  return encodeSortedJson(row);
}
