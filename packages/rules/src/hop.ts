import { elementColumns, elementPlace, ownPath } from "./field-side.ts";
import { storedValue } from "./field-value.ts";
import { followed, orNull, type RecordPlace, refersTo, relatedRecord } from "./join-node.ts";
import { hidden, isSecret, type NamePlace, unknown } from "./name-place.ts";
import { type Cell, isRecord } from "./row.ts";
import { RuleError } from "./rule-error.ts";
import { findField, type RuleCollection, type RuleField } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { shortest } from "./shortest.ts";
import { work } from "./work.ts";

/** Where a path stands: the records there, and their collection. */
export interface Stop {
  readonly place: RecordPlace;
  readonly collection: RuleCollection;
  /** Whether hidden fields and guarded records are none of its business. */
  readonly isTrusted: boolean;
}

/** A part of a path, between dots. */
interface Segment {
  readonly segment: string;
  readonly isLast: boolean;
  readonly place: NamePlace;
}

/** Goes on to other records: those of a relation, or those that refer back. */
export function hop(scope: Scope, stop: Stop, { segment, isLast, place }: Segment): Stop {
  const field = findField(stop.collection, segment);
  const next =
    field === undefined
      ? hopBack(scope, stop, { segment, isLast, place })
      : hopAlong(scope, stop, { field, place });
  checkJoin(scope, next, place);
  return next;
}

function hopAlong(
  scope: Scope,
  { place: from, isTrusted }: Stop,
  { field, place }: { readonly field: RuleField; readonly place: NamePlace },
): Stop {
  const collection = field.type === "relation" ? scope.schema.find(field.target ?? "") : undefined;
  if (collection === undefined) throw unknown(place);
  scope.need("related", place);
  const { id } = collection;
  const read = storedValue(field);
  const idIn = (cell: Cell): Cell => {
    if (!isRecord(cell)) return cell === undefined ? undefined : null;
    const value = read({ record: cell });
    return typeof value === "string" ? value : null;
  };
  const start = field.multiple ? elementPlace(scope, from, field) : from;
  const joined = scope.join(start, `${ownPath(scope, from)}${field.name}`, {
    kind: "one",
    collection: collection.name,
    isMultiple: false,
    cellsOf: (row, parent) => relatedRecord(row, id, field.multiple ? parent : idIn(parent)),
  });
  const idColumns = field.multiple ? elementColumns(start, from, field) : undefined;
  return { place: { ...joined, idColumns }, collection, isTrusted };
}

function hopBack(
  scope: Scope,
  { place: from, collection: to, isTrusted }: Stop,
  { segment, isLast, place }: Segment,
): Stop {
  const { collection, field } = backRelation(scope, to, { segment, isLast, place });
  if (!isTrusted && isSecret(collection, field)) throw hidden(field, place);
  scope.need("back", place);
  const { id } = collection;
  const { name } = field;
  const isUnique = !field.multiple && collection.unique?.includes(name.toLowerCase()) === true;
  const joined = scope.join(from, `${ownPath(scope, from)}${collection.name}_via_${name}`, {
    kind: "back",
    collection: collection.name,
    isMultiple: !isUnique,
    cellsOf: (row, parent) =>
      isRecord(parent)
        ? followed(row, id, (records) => orNull(records.by(id, name, idOf(parent))))
        : [parent === undefined ? undefined : null],
    finds: () => true,
    lookUp: (row, parent, { field: column, text }) => {
      if (!isRecord(parent)) return parent === undefined ? [undefined] : [];
      const referred = idOf(parent);
      const keeps = (cell: Cell): boolean => refersTo(cell, name, referred);
      return followed(row, id, (records) => {
        if (column === "id") return [records.get(id, text)].filter(keeps);
        return shortest([
          { cells: records.by(id, name, referred) },
          { cells: records.by(id, column, text), keeps },
        ]);
      });
    },
    textsOf: (row, parent, { column, lookUp }) => {
      if (!isRecord(parent) || lookUp !== undefined || row.records?.has(id) !== true) return undefined;
      const texts = row.records.textsBy?.(id, { field: name, value: idOf(parent), column });
      return texts?.length === 0 ? [""] : texts;
    },
  });
  return { place: joined, collection, isTrusted };
}

/** What stands behind `@collection.name`: each of its records. */
export function collectionStop(
  scope: Scope,
  {
    collection,
    alias,
    place,
  }: { readonly collection: RuleCollection; readonly alias: string; readonly place: NamePlace },
): Stop {
  const { id } = collection;
  const joined = scope.join(anywhere, `@collection.${alias}`, {
    kind: "all",
    collection: collection.name,
    isMultiple: true,
    cellsOf: (row) => followed(row, id, (records) => orNull(records.all(id))),
    finds: () => true,
    lookUp: (row, _, { field, text }) =>
      followed(row, id, (records) => {
        work(2);
        if (field !== "id") return records.by(id, field, text);
        const found = records.get(id, text);
        return found === undefined ? [] : [found];
      }),
    textsOf: (row, _, { column, lookUp }) => {
      if (lookUp === undefined || lookUp.field === "id" || row.records?.has(id) !== true) return undefined;
      return row.records.textsBy?.(id, { field: lookUp.field, value: lookUp.text, column });
    },
  });
  const stop = { place: joined, collection, isTrusted: !scope.isFilter };
  checkJoin(scope, stop, place);
  return stop;
}

const anywhere: RecordPlace = {
  sources: ["related"],
  path: "",
  node: undefined,
  isMultiple: false,
  cell: () => null,
  reach: () => [null],
};

/** Notes the records that are joined. A filter joins only what has a list rule, and what passes it. */
function checkJoin(scope: Scope, { place, collection, isTrusted }: Stop, { start }: NamePlace): void {
  scope.follow(collection);
  if (isTrusted) return;
  const { name, listRule } = collection;
  if (listRule === null) throw new RuleError("forbidden", `${name} is for superusers only`, start);
  if (listRule === "") return;
  scope.need("related-listrule", { start });
  if (scope.guardedJoins.some((known) => known.place.node === place.node)) return;
  scope.guardedJoins.push({ collection, listRule, place, start });
}

function idOf(record: { readonly id?: unknown }): string {
  return typeof record.id === "string" ? record.id : "";
}

function backRelation(
  { schema }: Scope,
  to: RuleCollection,
  { segment, isLast, place }: Segment,
): { readonly collection: RuleCollection; readonly field: RuleField } {
  const at = segment.lastIndexOf("_via_");
  const [name, fieldName] = at < 0 ? ["", ""] : [segment.slice(0, at), segment.slice(at + "_via_".length)];
  const collection = name === "" || isLast ? undefined : schema.find(name);
  const field = collection?.fields.find((candidate) => candidate.name === fieldName);
  if (collection === undefined || field?.type !== "relation") throw unknown(place);
  if (schema.find(field.target ?? "")?.id !== to.id) throw unknown(place);
  return { collection, field };
}
