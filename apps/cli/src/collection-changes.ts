import { encodeSortedJson, isJsonObject, type JsonObject } from "@sluice/protocol";

/** What becomes of a stored collection. `kept`: it is not among the new ones, and stays. */
export interface CollectionChange {
  readonly name: string;
  readonly kind: "added" | "changed" | "removed" | "same" | "kept";
  /** What is another one in a changed collection: `listRule`, `fields`… */
  readonly fields?: readonly string[];
  readonly reason?: string;
  /** What is to be stored; nothing where it is to be forgotten. */
  readonly json?: string;
}

const marks = { added: "+", changed: "~", removed: "-", same: "=", kept: "?" } as const;

/**
 * Compares collections with the stored ones.
 * @param items each has a name
 * @param stored JSON by name
 * @param deletesMissing whether stored ones are to go that are not among the items
 */
export function diffCollections(
  items: readonly JsonObject[],
  stored: ReadonlyMap<string, string>,
  deletesMissing: boolean,
): readonly CollectionChange[] {
  const before = [...stored].map(([name, text]) => ({ name, old: parse(text) }));
  const changes = items.map((item) => {
    const namesake = before.find(({ name }) => name === item["name"]);
    return compare(item, (namesake ?? before.find(({ old }) => hasSameId(item, old)))?.old);
  });
  const others = before.filter(({ name }) => !items.some((item) => item["name"] === name));
  const goes = others.map(({ name, old }): CollectionChange => {
    const successor = items.find((item) => hasSameId(item, old));
    if (successor !== undefined) {
      return { name, kind: "removed", reason: `its name is ${String(successor["name"])} now` };
    }
    if (deletesMissing) return { name, kind: "removed" };
    return { name, kind: "kept", reason: "only in Redis; --delete-missing removes it" };
  });
  return [...changes, ...goes];
}

function hasSameId(one: JsonObject, other: JsonObject): boolean {
  return one["id"] !== undefined && one["id"] === other["id"];
}

/** Writes a change for a terminal. */
export function describeChange({ name, kind, fields = [], reason }: CollectionChange): string {
  const details = [...fields, ...(reason === undefined ? [] : [reason])].join(", ");
  return `${marks[kind]} ${name}${details === "" ? "" : `: ${details}`}`;
}

function compare(item: JsonObject, old: JsonObject | undefined): CollectionChange {
  const name = String(item["name"]);
  const next = withSecretOf(item, old);
  const json = JSON.stringify(next);
  if (old === undefined) return { name, kind: "added", json };
  const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  const fields = keys.filter((key) => encode(old[key]) !== encode(next[key]));
  return fields.length === 0 ? { name, kind: "same" } : { name, kind: "changed", fields, json };
}

/** PocketBase's export leaves the secret out; without it PocketBase's tokens would be good no more. */
function withSecretOf(item: JsonObject, old: JsonObject | undefined): JsonObject {
  const [authToken, oldToken] = [item["authToken"] ?? {}, old?.["authToken"]];
  if (!isJsonObject(authToken) || !isJsonObject(oldToken)) return item;
  if (authToken["secret"] !== undefined || oldToken["secret"] === undefined) return item;
  return { ...item, authToken: { ...authToken, secret: oldToken["secret"] } };
}

function parse(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function encode(value: unknown): string {
  return value === undefined ? "" : encodeSortedJson(value);
}
