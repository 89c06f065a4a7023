import type { Collection, Field } from "@sluice/protocol";
import type { RecordRow, Records } from "@sluice/rules";
import type { CollectionAccess } from "./collection-access.ts";

/** One step of an `expand`: which collection it leads to, and how. */
export interface ExpandStep {
  /** As the subscriber wrote it: the key of what is found. */
  readonly name: string;
  readonly target: Collection;
  /** Whether one row is written by itself, not in a list. */
  readonly isSingle: boolean;
  /** The rows that a row leads to, in the order in which they are written. */
  readonly find: (row: RecordRow, records: Records) => Iterable<RecordRow>;
}

/** Most rows that one row has by a back relation. */
const maxBackRows = 1_000;

const backRelation = /^(\w+)_via_(\w+)$/;

/** PocketBase's older form of the same. */
const oldBackRelation = /^(\w+)\((\w+)\)$/;

/**
 * Finds where a step leads from a collection.
 * @returns a text that says what is wrong where it leads nowhere
 * @see PocketBase core/record_query_expand.go expandRecords
 */
export function resolveStep(name: string, source: Collection, access: CollectionAccess): ExpandStep | string {
  const [, key, fieldName] = (name.includes("(") ? oldBackRelation : backRelation).exec(name) ?? [];
  if (key !== undefined && fieldName !== undefined) {
    const target = access.find(key);
    if (target === undefined) return `expected a collection before _via_, got ${JSON.stringify(key)}`;
    const field = relationOf(target, fieldName);
    if (field?.target === undefined || access.find(field.target) !== source) {
      return `expected a relation of ${target.name} to ${source.name}, got ${JSON.stringify(fieldName)}`;
    }
    return backStep(name, target, field);
  }
  const field = relationOf(source, name);
  if (field === undefined) return `expected a relation of ${source.name}, got ${JSON.stringify(name)}`;
  const target = field.target === undefined ? undefined : access.find(field.target);
  if (target === undefined) return `expected ${source.name}.${name} to point to a known collection`;
  return relationStep(target, field);
}

function relationOf({ fields }: Collection, name: string): Field | undefined {
  return fields.find((field) => field.name === name && field.type === "relation");
}

function relationStep(target: Collection, { name, multiple }: Field): ExpandStep {
  function* find(row: RecordRow, records: Records): Iterable<RecordRow> {
    for (const id of idsIn(Object.hasOwn(row, name) ? row[name] : undefined)) {
      const found = records.get(target.id, id);
      if (found !== undefined) yield found;
    }
  }
  return { name, target, isSingle: !multiple, find };
}

function backStep(name: string, target: Collection, field: Field): ExpandStep {
  // by id, so that it is the same on all nodes
  const find = ({ id }: RecordRow, records: Records): Iterable<RecordRow> =>
    typeof id === "string"
      ? [...records.by(target.id, field.name, id)].toSorted(byId).slice(0, maxBackRows)
      : [];
  const isSingle = target.unique?.includes(field.name.toLowerCase()) === true;
  return { name, target, isSingle, find };
}

function byId(one: RecordRow, other: RecordRow): number {
  return String(one["id"]) < String(other["id"]) ? -1 : 1;
}

/** The ids in the value of a relation, each once. */
function idsIn(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return [...new Set(items.filter((item) => typeof item === "string"))].filter((id) => id !== "");
}
