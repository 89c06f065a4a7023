import { elementColumns, elementPlace, fieldSide, jsonSide, ownPath } from "./field-side.ts";
import { storedValue } from "./field-value.ts";
import { followed, orNull, type RecordPlace, refersTo, relatedRecord } from "./join-node.ts";
import { type Cell, isRecord, type Row } from "./row.ts";
import { RuleError } from "./rule-error.ts";
import { findField, type RuleCollection, type RuleField } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { shortest } from "./shortest.ts";
import type { Side } from "./side.ts";
import { work } from "./work.ts";

/** Most relations in one identifier. */
const maxHops = 6;

const modifiers: ReadonlySet<string> = new Set(["isset", "each", "length", "lower", "changed"]);

/** An identifier's place in the text, for errors, and its name. */
export interface NamePlace {
  readonly name: string;
  readonly start: number;
}

/** Where a path stands: the records there, and their collection. */
interface Stop {
  readonly place: RecordPlace;
  readonly collection: RuleCollection;
  /** Whether hidden fields and guarded records are none of its business. */
  readonly isTrusted: boolean;
}

/**
 * Resolves a path from a record of the scope's collection.
 * @returns nothing where the first segment is no field
 * @throws {RuleError} `unknown`, `forbidden`, `limit`
 * @see PocketBase core/record_field_resolver_runner.go
 */
export function resolveRecordPath(scope: Scope, place: NamePlace): Side | undefined {
  const segments = place.name.split(".");
  const [first = ""] = segments;
  const [name] = segments.length === 1 ? splitModifier(first, place) : [first];
  const field = findField(scope.collection, name);
  if (field === undefined && !first.includes("_via_")) return undefined;
  const stop = { place: scope.root, collection: scope.collection, isTrusted: !scope.isFilter };
  const side = resolvePath(scope, stop, { place, segments });
  if (scope.root.node === undefined) scope.need("record", place);
  return side;
}

/**
 * Resolves a path from a record, over others where it goes on to them.
 * @throws {RuleError} `unknown`, `forbidden`, `limit`, `syntax`
 */
export function resolvePath(
  scope: Scope,
  from: Stop,
  { place, segments }: { readonly place: NamePlace; readonly segments: readonly string[] },
): Side {
  let stop = from;
  for (const [index, segment] of segments.entries()) {
    const rest = segments.slice(index + 1);
    const own = resolveOwnPath(scope, stop, { segment, rest, place });
    if (own !== undefined) return own;
    if (index >= maxHops) throw new RuleError("limit", `expected at most ${maxHops} relations`, place.start);
    stop = hop(scope, stop, { segment, isLast: rest.length === 0, place });
  }
  throw unknown(place);
}

interface Segment {
  readonly segment: string;
  readonly rest: readonly string[];
  readonly place: NamePlace;
}

/** A path that ends in the record at which it stands; nothing where it goes on. */
function resolveOwnPath(scope: Scope, stop: Stop, { segment, rest, place }: Segment): Side | undefined {
  const [name] = rest.length === 0 ? splitModifier(segment, place) : [segment];
  const field = findField(stop.collection, name);
  if (field === undefined) return undefined;
  if (!stop.isTrusted && isSecret(field)) throw hidden(field, place);
  const side = resolveField(scope, stop.place, { field, segments: [segment, ...rest], place });
  return side === undefined ? undefined : guarded(stop, field, side);
}

/**
 * Resolves a field and what follows it inside the row.
 * @returns nothing where it goes on to other records
 * @throws {RuleError} `unknown`, `syntax`
 */
export function resolveField(
  scope: Scope,
  at: RecordPlace,
  { field, segments, place }: { field: RuleField; segments: readonly string[]; place: NamePlace },
): Side | undefined {
  const [, ...rest] = segments;
  if (rest.length > 0 && isJson(field)) return jsonSide(at, field, { rest, start: place.start });
  if (rest.length > 0 && !isSingleId(field, rest)) return undefined;
  const [, modifier] = splitModifier(segments.at(-1) ?? "", place);
  return fieldSide(scope, at, field, modifier);
}

/** Goes on to other records: those of a relation, or those that refer back. */
function hop(
  scope: Scope,
  stop: Stop,
  {
    segment,
    isLast,
    place,
  }: { readonly segment: string; readonly isLast: boolean; readonly place: NamePlace },
): Stop {
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
    isMultiple: false,
    cellsOf: (row, parent) => relatedRecord(row, id, field.multiple ? parent : idIn(parent)),
  });
  const idColumns = field.multiple ? elementColumns(start, from, field) : undefined;
  return { place: { ...joined, idColumns }, collection, isTrusted };
}

function hopBack(
  scope: Scope,
  { place: from, collection: to, isTrusted }: Stop,
  {
    segment,
    isLast,
    place,
  }: { readonly segment: string; readonly isLast: boolean; readonly place: NamePlace },
): Stop {
  const { collection, field } = backRelation(scope, to, { segment, isLast, place });
  if (!isTrusted && isSecret(field)) throw hidden(field, place);
  scope.need("back", place);
  const { id } = collection;
  const { name } = field;
  const isUnique = !field.multiple && collection.unique?.includes(name.toLowerCase()) === true;
  const joined = scope.join(from, `${ownPath(scope, from)}${collection.name}_via_${name}`, {
    kind: "back",
    isMultiple: !isUnique,
    cellsOf: (row, parent) =>
      isRecord(parent)
        ? followed(row, id, (records) => orNull(records.by(id, name, idOf(parent))))
        : [parent === undefined ? undefined : null],
    finds: () => true,
    lookUp: (row, parent, { field: column, text }) => {
      if (!isRecord(parent)) return parent === undefined ? [undefined] : [];
      const parentId = idOf(parent);
      const keeps = (cell: Cell): boolean => refersTo(cell, name, parentId);
      return followed(row, id, (records) => {
        if (column === "id") return [records.get(id, text)].filter(keeps);
        return shortest([
          { cells: records.by(id, name, parentId) },
          { cells: records.by(id, column, text), keeps },
        ]);
      });
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

/** Splits the last segment into its name and its modifier. */
export function splitModifier(
  segment: string,
  place: NamePlace,
): [name: string, modifier: string | undefined] {
  const parts = segment.split(":");
  const [name = "", modifier] = parts;
  if (parts.length !== 2 || modifier === undefined) return [segment, undefined];
  if (!modifiers.has(modifier)) throw new RuleError("unknown", `no modifier :${modifier}`, place.start);
  return [name, modifier];
}

/** A name that is not there. */
export function unknown({ name, start }: NamePlace): RuleError {
  return new RuleError("unknown", `no field ${name}`, start);
}

function hidden(field: RuleField, { start }: NamePlace): RuleError {
  return new RuleError("forbidden", `${field.name} is hidden`, start);
}

/** A password hash is as secret where nobody thought of hiding it. */
function isSecret({ type, hidden: isHidden }: RuleField): boolean {
  return isHidden || type === "password";
}

function isJson({ type }: RuleField): boolean {
  return type === "json" || type === "geoPoint";
}

/** `relation.id` of a single relation is the field itself: nothing is joined. */
function isSingleId({ type, multiple }: RuleField, rest: readonly string[]): boolean {
  return type === "relation" && !multiple && rest.length === 1 && /^id(:|$)/.test(rest[0] ?? "");
}

/** E-mail that is not shown to everybody is not there for filters. */
function guarded({ place, collection, isTrusted }: Stop, { name }: RuleField, side: Side): Side {
  if (isTrusted || collection.type !== "auth" || name !== "email") return side;
  const guard = (row: Row): boolean => {
    const cell = place.cell(row);
    return isRecord(cell) && cell["emailVisibility"] === true;
  };
  return { ...side, guard };
}

function idOf(record: { readonly id?: unknown }): string {
  return typeof record.id === "string" ? record.id : "";
}

function backRelation(
  { schema }: Scope,
  to: RuleCollection,
  {
    segment,
    isLast,
    place,
  }: { readonly segment: string; readonly isLast: boolean; readonly place: NamePlace },
): { readonly collection: RuleCollection; readonly field: RuleField } {
  const at = segment.lastIndexOf("_via_");
  const [name, fieldName] = at < 0 ? ["", ""] : [segment.slice(0, at), segment.slice(at + "_via_".length)];
  const collection = name === "" || isLast ? undefined : schema.find(name);
  const field = collection?.fields.find((candidate) => candidate.name === fieldName);
  if (collection === undefined || field?.type !== "relation") throw unknown(place);
  if (schema.find(field.target ?? "")?.id !== to.id) throw unknown(place);
  return { collection, field };
}
