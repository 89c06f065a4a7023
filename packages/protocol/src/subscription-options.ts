import { snakeCaseHeaderName } from "./header-name.ts";
import { isJsonObject } from "./json-object.ts";
import { parseJson } from "./json-text.ts";

/** What a subscription string says behind its `?`: the request values that rules and filters read. */
export interface SubscriptionOptions {
  /** Keys as sent; every value as text. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in snake_case; every value as text. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The options of a subscription without any. */
const noOptions: SubscriptionOptions = { query: {}, headers: {} };

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * Reads the options of a subscription string. Broken options read as none and never fail the
 * subscription: that is PocketBase's behaviour, and rules still apply.
 * @see PocketBase tools/subscriptions/client.go; Go net/url
 */
export function parseSubscriptionOptions(raw: string): SubscriptionOptions {
  const query = findQuery(raw);
  const text = query === undefined ? undefined : findParameter(query, "options");
  return text === undefined || text === "" ? noOptions : decodeOptions(text);
}

/** The query part of a URL reference, or nothing where Go's parser would refuse the reference. */
function findQuery(raw: string): string | undefined {
  const [reference, fragment] = cut(raw, "#");
  // Go refuses control bytes anywhere in a URL but in its fragment
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(reference)) return undefined;
  const [beforeQuery, query] = cut(reference, "?");
  return isParsable(beforeQuery) && !hasBadEscape(fragment) ? query : undefined;
}

function isParsable(reference: string): boolean {
  if (reference.startsWith(":")) return false;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(reference)?.[0];
  const rest = scheme === undefined ? reference : reference.slice(scheme.length);
  if (!rest.startsWith("/")) {
    if (scheme !== undefined) return true;
    if (cut(rest, "/")[0].includes(":")) return false;
  }
  return !hasBadEscape(rest);
}

function hasBadEscape(text: string): boolean {
  return /%(?![0-9A-Fa-f]{2})/.test(text);
}

function cut(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** The first value of a form-encoded parameter; pairs with `;` or a bad escape are dropped, as in Go. */
function findParameter(query: string, name: string): string | undefined {
  for (const pair of query.split("&")) {
    const [key, value] = cut(pair, "=");
    if (pair.includes(";") || hasBadEscape(key) || decodeForm(key) !== name) continue;
    if (!hasBadEscape(value)) return decodeForm(value);
  }
  return undefined;
}

function decodeForm(text: string): string {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  const bytes: number[] = [];
  for (const part of spaced.split(/(%[0-9A-Fa-f]{2})/)) {
    if (part.startsWith("%")) bytes.push(Number.parseInt(part.slice(1), 16));
    else for (const byte of encoder.encode(part)) bytes.push(byte);
  }
  return decoder.decode(Uint8Array.from(bytes));
}

function decodeOptions(text: string): SubscriptionOptions {
  const options = parseJson(text);
  if (!isJsonObject(options)) return noOptions;
  const query: Record<string, string> = Object.create(null);
  const headers: Record<string, string> = Object.create(null);
  for (const [key, values] of Object.entries(options)) {
    if (!isJsonObject(values)) continue;
    for (const [name, value] of Object.entries(values)) {
      if (key.toLowerCase() === "query") query[name] = toText(value);
      if (key.toLowerCase() === "headers") headers[snakeCaseHeaderName(name)] = toText(value);
    }
  }
  return { query, headers };
}

function toText(value: unknown): string {
  // a number beyond float64 is an error in Go, which leaves the value empty
  if (typeof value === "number") return Number.isFinite(value) ? toPlainDecimal(value) : "";
  return typeof value === "string" || typeof value === "boolean" ? String(value) : "";
}

/** A number without an exponent: `1e21` as 1 and 21 zeros, `1e-7` as `0.0000001`. */
function toPlainDecimal(value: number): string {
  const [, sign = "", whole = "", fraction = "", exponent] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  if (exponent === undefined) return String(value);
  const shift = Number(exponent);
  const digits = whole + fraction;
  return shift < 0
    ? `${sign}0.${"0".repeat(-shift - whole.length)}${digits}`
    : `${sign}${digits.padEnd(whole.length + shift, "0")}`;
}
