const escapes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/**
 * Writes a value as one line of JSON, with the characters escaped that Go's encoder escapes,
 * so that bytes equal PocketBase's.
 * @param value anything JSON.stringify turns into text
 * @see Go encoding/json, HTMLEscape
 */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (found) => escapes[found] ?? found);
}
