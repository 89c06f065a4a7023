import { readFileSync } from "node:fs";
import {
  compileRule,
  type RuleCollection,
  RuleError,
  type RuleField,
  type RuleSchema,
  type Subject,
} from "@sluice/rules";
import { RowTable } from "../rules/row-table.ts";

type Json = Readonly<Record<string, unknown>>;

/** What SQLite decided for one rule and one record. */
export interface Vector {
  readonly id: string;
  readonly mode?: "filter";
  /** Null is no rule: superusers only. */
  readonly rule: string | null;
  readonly collection: string;
  readonly schema: Readonly<Record<string, VectorCollection>>;
  /** List rules by collection, where the schema has none; a collection not named has the empty one. */
  readonly listRules?: Readonly<Record<string, string | null>>;
  readonly record: Json;
  /** All rows of the other collections, and further ones of the record's own. */
  readonly related?: Readonly<Record<string, readonly Json[]>>;
  /** Whether the row behind `request.auth` is gone. */
  readonly authDeleted?: boolean;
  readonly request?: { readonly auth?: Json; readonly query?: Record<string, string>; readonly headers?: Record<string, string> };
  readonly now?: string;
  readonly needs?: readonly string[];
  readonly expect: boolean | "error";
}

interface VectorCollection {
  readonly type?: "base" | "auth";
  readonly listRule?: string | null;
  /** `type[[]][:target][!hidden]` by name; `[]` is several values. */
  readonly fields: Readonly<Record<string, string>>;
  /** The fields with a unique index of their own. */
  readonly unique?: readonly string[];
}

/** What the engine says, in the words of the vectors. */
export type Outcome = boolean | "error" | "undecidable";

/** Reads a file of vectors, in either form: what all share may stand in the first line. */
export function readVectors(file: string): readonly Vector[] {
  const lines = readFileSync(file, "utf8").split("\n").filter((line) => line !== "");
  const values: Vector[] = lines.map((line) => JSON.parse(line));
  const [shared, ...rest] = values;
  if (shared === undefined || "id" in shared) return values;
  return rest.map((vector) => Object.assign({}, shared, vector));
}

/** Evaluates a vector through the public door of the rules. */
export function outcomeOf(vector: Vector): Outcome {
  const { rule, request = {} } = vector;
  const isSuperuser = request.auth?.["collectionName"] === "_superusers";
  if (vector.mode !== "filter") {
    if (isSuperuser) return true;
    if (rule === null || rule === "") return rule === "";
  }
  const schema = schemaOf(vector);
  const collection = schema.find(vector.collection);
  if (collection === undefined) throw new TypeError(`${vector.id}: no collection ${vector.collection}`);
  try {
    const compiled = compileRule(rule ?? "", { schema, collection, kind: vector.mode ?? "rule" });
    if (compiled.superusersOnly && !isSuperuser) return "error";
    const decision = compiled.decide(subjectOf(vector));
    return decision === "failed" ? "error" : decision;
  } catch (error) {
    if (error instanceof RuleError) return "error";
    throw error;
  }
}

function subjectOf(vector: Vector): Subject {
  const { record, request = {}, now = "2024-05-17T13:45:06.789Z" } = vector;
  const { auth, query = {}, headers = {} } = request;
  const values = { auth: auth === undefined ? undefined : withCollection(auth), query, headers };
  return { record, request: values, records: new RowTable(rowsOf(vector)), nowMs: Date.parse(now) };
}

function withCollection(auth: Json): Json {
  return { collectionId: `pbc_${String(auth["collectionName"])}`, ...auth };
}

/** The rows of each collection, by its id. */
function rowsOf(vector: Vector): ReadonlyMap<string, readonly Json[]> {
  const { schema, related = {}, collection, record, request = {}, authDeleted = false } = vector;
  const rows = new Map(Object.keys(schema).map((name) => [name, [...(related[name] ?? [])]]));
  const add = (name: string, row: Json): void => {
    const others = rows.get(name) ?? [];
    if (!others.some(({ id }) => id === row["id"])) rows.set(name, [...others, row]);
  };
  add(collection, record);
  if (request.auth !== undefined && !authDeleted) add(String(request.auth["collectionName"]), request.auth);
  return new Map([...rows].map(([name, own]) => [`pbc_${name}`, own]));
}

function schemaOf({ schema, listRules = {} }: Vector): RuleSchema {
  const collections = Object.entries(schema).map(([name, { type = "base", listRule, fields, unique }]): RuleCollection => ({
    id: `pbc_${name}`,
    name,
    type,
    listRule: listRule === undefined ? (Object.hasOwn(listRules, name) ? (listRules[name] ?? null) : "") : listRule,
    unique: unique?.map((field) => field.toLowerCase()),
    fields: Object.entries(fields).map(([field, text]) => parseField(field, text)),
  }));
  return {
    find: (key) => collections.find(({ id, name }) => id === key || name.toLowerCase() === key.toLowerCase()),
  };
}

function parseField(name: string, text: string): RuleField {
  const [, type = "", several, target, hidden] = /^(\w+)(\[\])?(?::(\w+))?(!hidden)?$/.exec(text) ?? [];
  return { name, type, multiple: several !== undefined, hidden: hidden !== undefined, target };
}
