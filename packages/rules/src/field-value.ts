import { EvaluationError } from "./evaluation-error.ts";
import type { RuleField } from "./schema.ts";
import type { Affinity, SqlValue } from "./sql-value.ts";
import { workOnText } from "./work.ts";

type Json = Readonly<Record<string, unknown>>;

/** The affinity of a field's column. */
export function affinityOf({ type, multiple }: RuleField): Affinity {
  if (type === "json") return "none";
  if (type === "number" || type === "bool" || type === "geoPoint") return "numeric";
  return isList(type) && multiple ? "numeric" : "text";
}

/** Whether a type may hold several values. */
export function isList(type: string): boolean {
  return type === "select" || type === "file" || type === "relation";
}

/** Something with a record, or with a row that is read as one. */
export interface RecordHolder {
  readonly record: Json;
}

/** Reads the value that PocketBase stores for a field; the zero value of its type where the record has none. */
export function storedValue({ name, type, multiple }: RuleField): (holder: RecordHolder) => SqlValue {
  // direct where it can be: every rule that names a field runs through here
  if (name in Object.prototype) {
    const read = storedValue({ name: "value", type, multiple, hidden: false });
    return ({ record }) => read({ record: { value: ownValue(record, name) } });
  }
  switch (type) {
    case "number":
      return ({ record }) => {
        const value = record[name];
        return typeof value === "number" ? value : 0;
      };
    case "bool":
      return ({ record }) => (record[name] === true ? 1 : 0);
    case "json":
      return ({ record }) => jsonValue(record[name]);
    case "geoPoint":
      return ({ record }) => storedJson(pointOf(record[name]));
    default:
      if (isList(type) && multiple) return ({ record }) => storedJson(listOf(record[name]));
      return ({ record }) => {
        const value = record[name];
        return typeof value === "string" ? value : "";
      };
  }
}

/** The elements of a select, file or relation; a single one has exactly one, maybe empty. */
export function elementsOf(field: RuleField, record: Json): readonly string[] {
  const value = ownValue(record, field.name);
  return field.multiple ? listOf(value) : [textOf(value)];
}

/** Whether a text is among the elements of a select, file or relation. */
export function hasElement(field: RuleField, record: Json, text: string): boolean {
  const elements = elementsOf(field, record);
  if (elements.length <= maxScanned) return elements.includes(text);
  return remembered(sets, elements, () => new Set(elements)).has(text);
}

/** Longest list that is looked through. */
const maxScanned = 30;

/** How many values a select, file or relation holds. */
export function lengthOf(field: RuleField, record: Json): number {
  const elements = elementsOf(field, record);
  return field.multiple || elements[0] !== "" ? elements.length : 0;
}

/** What stands at a path inside a json or geoPoint field. */
export function valueAtPath(field: RuleField, record: Json, path: readonly string[]): SqlValue {
  const root = ownValue(record, field.name);
  let value: unknown = field.type === "geoPoint" ? pointOf(root) : root;
  for (const key of path) {
    if (value === undefined) return null;
    if (/^\d+$/.test(key)) value = Array.isArray(value) ? value[Number(key)] : undefined;
    else value = isObject(value) ? ownValue(value, key) : undefined;
  }
  return jsonValue(value);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function ownValue(object: Json, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What was made of lists and objects, of which several rules and filters ask the same. */
const lists = new WeakMap<object, readonly string[]>();
const sets = new WeakMap<object, ReadonlySet<string>>();
const texts = { ofJson: new WeakMap<object, string>(), ofColumns: new WeakMap<object, string>() };

function remembered<T>(known: WeakMap<object, T>, value: object, make: () => T): T {
  const made = known.get(value) ?? make();
  known.set(value, made);
  return made;
}

function listOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return remembered(lists, value, () => value.filter((item) => typeof item === "string"));
}

function pointOf(value: unknown): Json {
  const { lon, lat } = isObject(value) ? value : {};
  return { lon: typeof lon === "number" ? lon : 0, lat: typeof lat === "number" ? lat : 0 };
}

/** What SQLite extracts of JSON: scalars as themselves, objects and arrays as text. */
function jsonValue(value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string" || typeof value === "number") return value;
  return typeof value === "object" ? remembered(texts.ofJson, value, () => jsonText(value)) : null;
}

/** @throws {EvaluationError} where the value is nested too deep to be written */
function jsonText(value: object): string {
  try {
    const text = JSON.stringify(value);
    workOnText(text.length, 500);
    return text;
  } catch (error) {
    if (error instanceof RangeError) throw new EvaluationError("expected JSON that is not nested so deep");
    throw error;
  }
}

const escapes: Readonly<Record<string, string>> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026" };

/** JSON as Go's encoder writes it into a column. */
function storedJson(value: object): string {
  return remembered(texts.ofColumns, value, () =>
    jsonText(value).replace(/[<>&]/g, (found) => escapes[found] ?? found),
  );
}
