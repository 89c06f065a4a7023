import { describeJson, describeJsonType, isJsonObject, type JsonObject } from "./json-object.ts";

/** One field of a collection, as far as events need it. */
export interface Field {
  readonly name: string;
  /** PocketBase's type, such as `text` or `relation`; an unknown one is kept and never shown. */
  readonly type: string;
  /** Only superusers may see it. */
  readonly hidden: boolean;
  /** Whether a select, file or relation field holds an array. */
  readonly multiple: boolean;
  /** The collection that a relation points to, by id. */
  readonly target?: string | undefined;
}

/** A collection: who may see its records, and which fields they have. */
export interface Collection {
  readonly id: string;
  readonly name: string;
  readonly type: "base" | "auth" | "view";
  /** For `collection/*`: null is superusers only, `""` everyone, else the rule language. */
  readonly listRule: string | null;
  /** For `collection/ID`, read like `listRule`. */
  readonly viewRule: string | null;
  /** Of an auth collection: who sees e-mail addresses beside their owners; null is superusers only. */
  readonly manageRule: string | null;
  /**
   * Of an auth collection: the half of the key of its records' tokens that is the same for all of them. It must never be
   * written anywhere.
   */
  readonly authSecret?: string;
  readonly fields: readonly Field[];
  /** Whether nodes keep its rows, beside those of the collections that rules need: for `expand`, and for filters. */
  readonly follow: boolean;
  /** The fields that have a unique index of their own, in lower case; nothing where none has. */
  readonly unique?: readonly string[] | undefined;
}

/** The collection whose records are superusers, by name and by id. */
export const superusers = { name: "_superusers", id: "pbc_3142635823" };

/** Collections read, and what is wrong with those that could not be. */
export interface CollectionsParse {
  readonly collections: readonly Collection[];
  /** One line each: where, what was expected, what came. */
  readonly problems: readonly string[];
}

/**
 * Reads collections in PocketBase's export format.
 * @param value the parsed JSON: an array of collections
 */
export function parseCollections(value: unknown): CollectionsParse {
  if (!Array.isArray(value)) {
    const problem = `expected an array of collections, got ${describeJsonType(value)}`;
    return { collections: [], problems: [problem] };
  }
  const problems: string[] = [];
  const items: readonly unknown[] = value;
  const collections = items.flatMap((item, index) => parseCollection(item, `[${index}]`, problems) ?? []);
  for (const key of repeatedKeys(collections))
    problems.push(`expected each name and id once, got "${key}" twice`);
  return { collections, problems };
}

function parseCollection(value: unknown, where: string, problems: string[]): Collection | undefined {
  if (!isJsonObject(value)) {
    problems.push(`${where}: expected a collection object, got ${describeJsonType(value)}`);
    return undefined;
  }
  const before = problems.length;
  const name = readName(value, where, problems);
  const at = name === "" ? where : `${where} "${name}"`;
  const type = readType(value, at, problems);
  const collection: Collection = {
    id: typeof value["id"] === "string" && value["id"] !== "" ? value["id"] : computedId(type, name),
    name,
    type,
    listRule: readRule(value, "listRule", { at, problems }),
    viewRule: readRule(value, "viewRule", { at, problems }),
    manageRule: readRule(value, "manageRule", { at, problems }),
    ...(type === "auth" ? readAuthSecret(value, at, problems) : {}),
    fields: readFields(value, at, problems),
    follow: readFollow(value, at, problems),
    ...readUnique(value, at, problems),
  };
  return problems.length === before ? collection : undefined;
}

function readName(value: JsonObject, where: string, problems: string[]): string {
  const name = value["name"];
  if (typeof name === "string" && name !== "") return name;
  problems.push(`${where}.name: expected a non-empty string, got ${describeJsonType(name)}`);
  return "";
}

function readType(value: JsonObject, at: string, problems: string[]): Collection["type"] {
  const type = value["type"] ?? "base";
  if (type === "base" || type === "auth" || type === "view") return type;
  problems.push(`${at}.type: expected "base", "auth" or "view", got ${JSON.stringify(type)}`);
  return "base";
}

function readRule(
  value: JsonObject,
  key: "listRule" | "viewRule" | "manageRule",
  { at, problems }: { at: string; problems: string[] },
): string | null {
  const rule = value[key] ?? null;
  if (rule === null || typeof rule === "string") return rule;
  problems.push(`${at}.${key}: expected a string or null, got ${describeJsonType(rule)}`);
  return null;
}

/** PocketBase's own export leaves the secret out. */
function readAuthSecret(value: JsonObject, at: string, problems: string[]): { authSecret?: string } {
  const authToken = value["authToken"] ?? {};
  if (!isJsonObject(authToken)) {
    problems.push(`${at}.authToken: expected an object, got ${describeJsonType(authToken)}`);
    return {};
  }
  const secret = authToken["secret"] ?? "";
  if (typeof secret !== "string") {
    problems.push(`${at}.authToken.secret: expected a string, got ${describeJsonType(secret)}`);
    return {};
  }
  return secret === "" ? {} : { authSecret: secret };
}

function readFollow(value: JsonObject, at: string, problems: string[]): boolean {
  const follow = value["follow"] ?? false;
  if (typeof follow === "boolean") return follow;
  problems.push(`${at}.follow: expected true or false, got ${describeJson(follow)}`);
  return false;
}

function readFields(value: JsonObject, at: string, problems: string[]): readonly Field[] {
  const fields = value["fields"];
  if (!Array.isArray(fields)) {
    problems.push(`${at}.fields: expected an array of fields, got ${describeJsonType(fields)}`);
    return [];
  }
  const items: readonly unknown[] = fields;
  return items.flatMap((item, index) => parseField(item, `${at}.fields[${index}]`, problems) ?? []);
}

function parseField(value: unknown, where: string, problems: string[]): Field | undefined {
  const { name, type, hidden, maxSelect, collectionId } = isJsonObject(value) ? value : {};
  if (isText(name) && isText(type)) {
    const target = isText(collectionId) ? { target: collectionId } : {};
    return { name, type, hidden: hidden === true, multiple: isMultiple(maxSelect), ...target };
  }
  problems.push(`${where}: expected an object with name and type, got ${describeJsonType(value)}`);
  return undefined;
}

/**
 * The fields of the unique indexes over one column, partial ones too.
 * @see PocketBase tools/dbutils/index.go
 */
function readUnique(value: JsonObject, at: string, problems: string[]): Pick<Collection, "unique"> {
  const indexes = value["indexes"] ?? [];
  if (!Array.isArray(indexes)) {
    problems.push(`${at}.indexes: expected an array of CREATE INDEX texts, got ${describeJsonType(indexes)}`);
    return {};
  }
  const items: readonly unknown[] = indexes;
  const unique = items.flatMap((item) => (typeof item === "string" ? (uniqueColumn(item) ?? []) : []));
  return unique.length === 0 ? {} : { unique };
}

/** The column of a unique index that has one only, in lower case. */
function uniqueColumn(index: string): string | undefined {
  const [, columns = ""] =
    /^\s*create\s+unique\s+index\s+(?:if\s+not\s+exists\s+)?\S+\s+on\s+\S+?\s*\(([^()]*)\)/i.exec(index) ??
    [];
  const column = columns
    .trim()
    .replace(/\s+(?:asc|desc)$/i, "")
    .replace(/\s+collate\s+\w+$/i, "");
  return /^[`"[]?(\w+)[`"\]]?$/.exec(column)?.[1]?.toLowerCase();
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isMultiple(maxSelect: unknown): boolean {
  return typeof maxSelect === "number" && maxSelect > 1;
}

function repeatedKeys(collections: readonly Collection[]): readonly string[] {
  const keys = collections.flatMap(({ id, name }) => (id === name ? [name] : [id, name]));
  return keys.filter((key, index) => keys.indexOf(key) !== index);
}

/**
 * The id that PocketBase gives a collection which has none: `pbc_` and the CRC-32 of type and name.
 * @see PocketBase core/collection_model.go
 */
function computedId(type: string, name: string): string {
  return `pbc_${crc32(new TextEncoder().encode(type + name))}`;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
