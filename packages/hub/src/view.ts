import {
  type Collection,
  encodeJson,
  type Field,
  guest,
  type Identity,
  type JsonObject,
} from "@sluice/protocol";

/** Which fields somebody sees of a record: what everybody sees, that and the e-mail address, or all. */
export type View = "public" | "with-email" | "superuser";

/** The view of a subscriber on a record. E-mail is for its owner, for superusers, and where the record shows it. */
export function viewOf(collection: Collection, record: JsonObject, identity: Identity = guest): View {
  if (identity.kind === "superuser") return "superuser";
  if (collection.type !== "auth") return "public";
  const isOwner =
    identity.kind === "record" && identity.id === record["id"] && identity.collectionId === collection.id;
  return isOwner || record["emailVisibility"] === true ? "with-email" : "public";
}

/**
 * A record as one view shows it: the fields of the collection and nothing else, absent ones as the empty value of their
 * type.
 * @see PocketBase core/record_model.go PublicExport
 */
export function exportRecord(collection: Collection, record: JsonObject, view: View): JsonObject {
  const { id: collectionId, name: collectionName } = collection;
  const values = new Map<string, unknown>([
    ["collectionId", collectionId],
    ["collectionName", collectionName],
    ["id", record["id"]],
  ]);
  for (const field of collection.fields) {
    if (isVisible(collection, field, view)) values.set(field.name, valueOf(field, record));
  }
  return Object.fromEntries(values);
}

/**
 * Writes an exported record: its keys in order, those inside a field as they are.
 * @param expand the JSON of its `expand` key, where there is one
 * @returns a JSON object on one line
 */
export function encodeExport(exported: JsonObject, expand?: string): string {
  if (expand !== undefined) {
    const others = Object.keys(exported).filter((key) => key !== "expand");
    const members = [...others, "expand"].toSorted().map((key) => {
      return `${encodeJson(key)}:${key === "expand" ? expand : encodeJson(exported[key])}`;
    });
    return `{${members.join(",")}}`;
  }
  const keys = Object.keys(exported).toSorted();
  // an object puts keys that look like integers before all others
  if (keys.some((key) => /^\d+$/.test(key))) {
    return `{${keys.map((key) => `${encodeJson(key)}:${encodeJson(exported[key])}`).join(",")}}`;
  }
  return encodeJson(Object.fromEntries(keys.map((key) => [key, exported[key]])));
}

function isVisible(collection: Collection, { name, type, hidden }: Field, view: View): boolean {
  if (collection.type === "auth") {
    if (type === "password" || name === "tokenKey") return false;
    if (name === "emailVisibility" || name === "verified") return true;
    if (name === "email") return view !== "public";
  }
  return !hidden || view === "superuser";
}

function valueOf({ name, type, multiple }: Field, record: JsonObject): unknown {
  // a password hash never leaves, in whatever collection it stands
  if (type === "password") return "";
  // a field may bear the name of a member that every object inherits, such as `constructor`
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return value ?? emptyValue(type, multiple);
}

function emptyValue(type: string, multiple: boolean): unknown {
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
    case "file":
    case "relation":
      return multiple ? [] : "";
    default:
      return "";
  }
}
