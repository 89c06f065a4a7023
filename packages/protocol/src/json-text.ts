import { isJsonObject } from "./json-object.ts";

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

/** Reads what a client wrote as JSON; nothing where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes a JSON value as `encodeJson` does, the keys of every object sorted as Go sorts those of a map. */
export function encodeSortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encodeSortedJson).join(",")}]`;
  if (!isJsonObject(value)) return encodeJson(value);
  const members = Object.keys(value)
    .toSorted(byBytes)
    .map((key) => `${encodeJson(key)}:${encodeSortedJson(value[key])}`);
  return `{${members.join(",")}}`;
}

/** The order of UTF-8 bytes, which is that of code points; UTF-16 puts surrogates before U+E000. */
function byBytes(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a !== b) return rankOf(a) - rankOf(b);
  }
  return left.length - right.length;
}

function rankOf(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
