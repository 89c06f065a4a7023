import { isJsonObject, type JsonObject } from "@sluice/protocol";
import { type Excerpt, excerptOf } from "./excerpt.ts";

/** Keeps the fields of a record that a subscriber asked for. */
export type FieldPicker = (record: JsonObject) => unknown;

/** What is kept at one level: whole values, and what of the others. */
interface Picked {
  /** Whether the value itself is listed, and so kept whole. */
  isWhole: boolean;
  excerpt: Excerpt | undefined;
  readonly members: Map<string, Picked>;
}

/**
 * Reads a subscription's `fields` option: `title,author.name,*,text:excerpt(200, true)`.
 * @returns nothing where all fields are sent: the option is empty or broken
 * @see PocketBase tools/picker/pick.go
 */
export function parseFields(fields: string): FieldPicker | undefined {
  const entries = fields === "" ? undefined : splitEntries(fields);
  if (entries === undefined) return undefined;
  const root = newPicked();
  for (const entry of entries) {
    const colon = entry.indexOf(":");
    const excerpt = colon < 0 ? undefined : parseExcerpt(entry.slice(colon + 1));
    if (colon >= 0 && excerpt === undefined) return undefined;
    const path = colon < 0 ? entry : entry.slice(0, colon);
    Object.assign(enter(root, path.split(".")), { isWhole: true, excerpt });
  }
  return (record) => (root.members.size === 0 ? record : pick(record, root));
}

function newPicked(): Picked {
  return { isWhole: false, excerpt: undefined, members: new Map() };
}

/**
 * Splits at commas that stand neither in quotes nor in brackets.
 * @returns nothing where a quote or bracket is not closed
 */
function splitEntries(text: string): readonly string[] | undefined {
  const entries: string[] = [];
  let start = 0;
  let depth = 0;
  let quote = "";
  for (let at = 0; at <= text.length; at++) {
    const char = text.charAt(at);
    const isEscaped = at > start && text.charAt(at - 1) === "\\";
    if (!isEscaped && quote === "" && char === "(") depth += 1;
    else if (!isEscaped && quote === "" && char === ")" && depth > 0) depth -= 1;
    else if (!isEscaped && /^['"`]$/.test(char) && (quote === "" || quote === char)) {
      quote = quote === "" ? char : "";
    } else if ((char === "," && depth === 0 && quote === "") || at === text.length) {
      entries.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return depth > 0 || quote !== "" ? undefined : entries.filter((entry) => entry !== "");
}

/** Reads `excerpt(max, withEllipsis?)`; nothing for anything else. */
function parseExcerpt(modifier: string): Excerpt | undefined {
  const [name, max = "", withEllipsis = "", ...more] = modifier
    .split(/[(), ]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const maxLength = /^\+?\d+(?:\.0*)?$/.test(max) ? Number(max) : 0;
  if (name !== "excerpt" || maxLength === 0 || more.length > 0) return undefined;
  return { maxLength, withEllipsis: /^(?:1|t|T|true|TRUE|True)$/.test(withEllipsis) };
}

function enter(root: Picked, path: readonly string[]): Picked {
  let picked = root;
  for (const name of path) {
    const member = picked.members.get(name) ?? newPicked();
    picked.members.set(name, member);
    picked = member;
  }
  return picked;
}

/** What is kept of a member; a key may have dots of its own. */
function find(picked: Picked, key: string): Picked | undefined {
  let found: Picked | undefined = picked;
  for (const name of key.split(".")) found = found?.members.get(name);
  return found;
}

function pick(object: JsonObject, picked: Picked): JsonObject {
  const rest = picked.members.get("*");
  const kept = Object.entries(object).flatMap(([key, value]): [string, unknown][] => {
    const listed = find(picked, key) ?? (rest?.isWhole ? rest : undefined);
    return listed === undefined ? [] : [[key, pickValue(value, listed)]];
  });
  return Object.fromEntries(kept);
}

function pickValue(value: unknown, picked: Picked): unknown {
  const { isWhole, excerpt } = picked;
  if (isWhole) return excerpt !== undefined && typeof value === "string" ? excerptOf(value, excerpt) : value;
  if (isJsonObject(value)) return pick(value, picked);
  if (!Array.isArray(value) || !isJsonObject(value[0])) return value;
  return value.map((item: unknown) => (isJsonObject(item) ? pick(item, picked) : item));
}
