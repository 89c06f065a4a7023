/** A JSON object of unknown shape, as it came off a wire. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells a JSON object from every other JSON value; arrays and null are none. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether objects and arrays stand in each other deeper than so many levels. */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isNestedDeeper(item, levels - 1));
}

const maxDescribedChars = 40;

/** Describes a value for messages that say what came: a scalar by itself, cut; anything else by its type alone. */
export function describeJson(value: unknown): string {
  if (typeof value === "object" || value === undefined) return describeJsonType(value);
  const text = JSON.stringify(value);
  return text.length <= maxDescribedChars ? text : `${text.slice(0, maxDescribedChars)}…`;
}

/** Names the JSON type of a value, for messages that say what came. */
export function describeJsonType(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`.replace("a object", "an object");
}
