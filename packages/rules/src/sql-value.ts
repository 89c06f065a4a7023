import { realToText } from "./real-text.ts";
import { workOnText } from "./work.ts";

/** A value as SQLite compares it: NULL, INTEGER and REAL, TEXT. */
export type SqlValue = string | number | null;

/** What a column's declared type does to the other side of a comparison. */
export type Affinity = "text" | "numeric" | "none";

/** Three-valued truth; null is SQL's unknown. */
export type Truth = boolean | null;

/** A truth, or nothing where it takes data that is not at hand. */
export type Verdict = Truth | undefined;

const numberText = /^[ \t\n\v\f\r]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[ \t\n\v\f\r]*$/;

/** A text that is a well-formed decimal number as that number; anything else as it is. */
export function toNumeric(value: SqlValue): SqlValue {
  if (typeof value !== "string") return value;
  workOnText(value.length, 400);
  return numberText.test(value) ? Number(value) : value;
}

/**
 * Writes a number as SQLite does.
 * @param isReal whether an integral value is a REAL, written with `.0`
 */
export function numberToText(value: number, isReal: boolean): string {
  const isInteger = !isReal && Number.isInteger(value) && Math.abs(value) < 2 ** 63;
  return isInteger ? BigInt(value).toString() : realToText(value);
}

/** A number without an exponent, in the fewest digits. */
export function plainDecimal(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  const [mantissa = "", exponent = "0"] = Math.abs(value).toString().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const shift = Number(exponent);
  const digits = whole + fraction;
  const sign = value < 0 ? "-" : "";
  if (shift < 0) return `${sign}0.${"0".repeat(-shift - whole.length)}${digits}`;
  return sign + digits.padEnd(whole.length + shift, "0");
}

/** A value as text; numbers as SQLite writes them. */
export function toText(value: SqlValue, isReal: boolean): string | null {
  return typeof value === "number" ? numberToText(value, isReal) : value;
}

/** Compares as SQLite does without affinity: any number before any text, texts by their UTF-8 bytes. */
export function compareValues(left: number | string, right: number | string): number {
  if (typeof left === "number") return typeof right === "number" ? left - right : -1;
  return typeof right === "number" ? 1 : compareTexts(left, right);
}

/** The order of code points, which is that of UTF-8 bytes; UTF-16 puts surrogates before U+E000. */
function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  workOnText(length, 400);
  for (let at = 0; at < length; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a !== b) return codeRank(a) - codeRank(b);
  }
  return left.length - right.length;
}

function codeRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x10000 : unit;
}

/** The truth that SQLite sees in a value: a text by its numeric prefix. */
export function truthOf(value: SqlValue): Truth {
  if (value === null) return null;
  if (typeof value === "number") return value !== 0;
  const prefix = /^[ \t\n\v\f\r]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/.exec(value)?.[0];
  return prefix !== undefined && Number(prefix) !== 0;
}

/** Lowers the ASCII letters of a text, and nothing else. */
export function lowerAscii(text: string): string {
  workOnText(text.length, 100);
  // most texts are ASCII, which is lowered at once
  if (!/[\u0080-\uffff]/.test(text)) return text.toLowerCase();
  workOnText(text.length, 7_000);
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
