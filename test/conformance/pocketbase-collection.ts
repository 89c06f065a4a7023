/** A field as PocketBase takes it. */
export interface PocketBaseField {
  readonly name: string;
  readonly type: string;
  readonly maxSelect?: number;
  readonly collectionId?: string;
  readonly [option: string]: unknown;
}

/** A collection as cases describe it, in full where PocketBase asks for more. */
export interface PocketBaseCollection {
  readonly name: string;
  readonly type: string;
  readonly fields: readonly PocketBaseField[];
  readonly [option: string]: unknown;
}

interface Described {
  readonly name: string;
  readonly type?: string;
  readonly fields?: readonly PocketBaseField[];
}

/** Every value that some case selects. */
const selected = ["a", "b", "s", "x", "y", "a&b", "f.png", "g.png"];

/** Those that PocketBase adds to auth collections by itself, as it wants them. */
const authNames = new Set(["password", "tokenKey", "emailVisibility", "verified"]);

/**
 * Writes a collection as PocketBase takes it. Ids may be of any form, nothing is required, and what only PocketBase can
 * set, dates and files, is of a type that looks alike.
 * @param ids the ids of collections by name
 */
export function describeForPocketBase(
  collection: Described,
  ids: ReadonlyMap<string, string>,
): PocketBaseCollection {
  const { name, type = "base", fields = [] } = collection;
  const isAuth = type === "auth";
  const own = fields.filter((field) => field.name !== "id" && !(isAuth && authNames.has(field.name)));
  const id = { name: "id", type: "text", primaryKey: true, required: true, system: true, min: 1, max: 100 };
  const anyForm = { pattern: String.raw`^[\w.-]+$`, autogeneratePattern: "[a-z0-9]{15}" };
  return {
    ...collection,
    name,
    type,
    fields: [{ ...id, ...anyForm }, ...own.map((field) => describeField(field, ids))],
    ...(isAuth ? { passwordAuth: { enabled: false }, authAlert: { enabled: false } } : {}),
  };
}

function describeField(field: PocketBaseField, ids: ReadonlyMap<string, string>): PocketBaseField {
  const { type, collectionId = "" } = field;
  switch (type) {
    case "autodate":
      return { ...field, type: "date" };
    case "file":
    case "select":
      return { ...field, type: "select", values: selected };
    case "relation":
      return { ...field, collectionId: ids.get(collectionId) ?? collectionId };
    case "password":
      return { ...field, min: 1 };
    default:
      return field;
  }
}

/** What a record has in a field that an event does not name; nothing where it cannot be empty. */
export function emptyValueOf({ type, maxSelect = 1 }: PocketBaseField): unknown {
  switch (type) {
    case "number":
      return 0;
    case "bool":
      return false;
    case "json":
      return null;
    case "geoPoint":
      return { lon: 0, lat: 0 };
    case "select":
    case "relation":
      return maxSelect > 1 ? [] : "";
    case "password":
      return undefined;
    default:
      return "";
  }
}
