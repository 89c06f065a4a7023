import { isJsonObject, type JsonObject } from "./json-object.ts";
import { parseJson } from "./json-text.ts";

/** A form's text fields in the order in which they came; names may repeat. */
export type FormFields = readonly (readonly [name: string, value: string])[];

/** A form as PocketBase reads it. */
export interface FormDescription {
  /** Every value of a field, in order. */
  readonly values: (name: string) => readonly string[];
  /** The parsed `@jsonPayload` fields; undefined where one is not a JSON object. */
  readonly payloads: readonly (JsonObject | null | undefined)[];
}

/** Sorts a form's fields into plain values and JSON payloads. */
export function describeFormFields(fields: FormFields): FormDescription {
  const values = (name: string): readonly string[] =>
    fields.filter(([field]) => field === name).map(([, value]) => value);
  return { values, payloads: values("@jsonPayload").map(parsePayload) };
}

function parsePayload(text: string): JsonObject | null | undefined {
  const value = parseJson(text);
  return value === null || isJsonObject(value) ? value : undefined;
}
