import { checkJsonPath, fieldSide, type FieldRow, jsonSide, recordRow } from "./field-side.ts";
import { RuleError } from "./rule-error.ts";
import { findField, type RuleCollection, type RuleField } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { column, type Side } from "./side.ts";

/** Most relations in one identifier. */
const maxHops = 6;

const modifiers: ReadonlySet<string> = new Set(["isset", "each", "length", "lower", "changed"]);

/** An identifier's place in the text, for errors, and its name. */
export interface NamePlace {
  readonly name: string;
  readonly start: number;
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
  if (field !== undefined && scope.isFilter && isSecret(field)) throw hidden(field, place);
  const side = field === undefined ? undefined : resolveOwnPath(scope, recordRow, { field, segments, place });
  if (field !== undefined && side !== undefined) {
    scope.need("record", place);
    return guarded(scope, field, side);
  }
  if (field !== undefined && field.type !== "relation") throw unknown(place);
  checkPath(scope, scope.collection, place, segments);
  return column(["record"], () => null);
}

/**
 * Resolves a path that stays inside a row.
 * @returns nothing where it goes on to other records
 * @throws {RuleError} `unknown`, `syntax`
 */
export function resolveOwnPath(
  scope: Scope,
  row: FieldRow,
  { field, segments, place }: { field: RuleField; segments: readonly string[]; place: NamePlace },
): Side | undefined {
  const [, ...rest] = segments;
  if (rest.length > 0 && isJson(field)) return jsonSide(row, field, { rest, start: place.start });
  if (rest.length > 0 && !isSingleId(field, rest)) return undefined;
  const [, modifier] = splitModifier(segments.at(-1) ?? "", place);
  return fieldSide(scope, row, field, modifier);
}

/**
 * Checks a path whose data the engine does not have, and notes what it takes.
 * @throws {RuleError} `unknown`, `forbidden`, `limit`
 */
export function checkPath(
  scope: Scope,
  start: RuleCollection,
  place: NamePlace,
  segments: readonly string[],
): void {
  let collection = start;
  let hops = 0;
  for (const [index, segment] of segments.entries()) {
    const rest = segments.slice(index + 1);
    const [name] = rest.length === 0 ? splitModifier(segment, place) : [segment];
    const field = findField(collection, name);
    if (field !== undefined && scope.isFilter && isSecret(field)) throw hidden(field, place);
    if (field !== undefined && (rest.length === 0 || isSingleId(field, rest))) return;
    if (field !== undefined && isJson(field)) return checkJsonPath(rest, place.start);
    hops += 1;
    if (hops > maxHops) throw new RuleError("limit", `expected at most ${maxHops} relations`, place.start);
    collection =
      field === undefined
        ? backTarget(scope, collection, { segment, place, isLast: rest.length === 0 })
        : target(scope, field, place);
    scope.need(field === undefined ? "back" : "related", place);
    checkJoin(scope, collection, place);
  }
}

/** A filter joins only what has a list rule; another rule than the empty one is a condition of its own. */
export function checkJoin(scope: Scope, { name, listRule }: RuleCollection, place: NamePlace): void {
  if (!scope.isFilter) return;
  if (listRule === null) throw new RuleError("forbidden", `${name} is for superusers only`, place.start);
  if (listRule !== "") scope.need("related-listrule", place);
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
function guarded(scope: Scope, { name }: RuleField, side: Side): Side {
  const isGuarded = scope.isFilter && scope.collection.type === "auth" && name === "email";
  return isGuarded ? { ...side, guard: ({ record }) => record["emailVisibility"] === true } : side;
}

function target(scope: Scope, field: RuleField, place: NamePlace): RuleCollection {
  const collection = field.type === "relation" ? scope.schema.find(field.target ?? "") : undefined;
  if (collection === undefined) throw unknown(place);
  return collection;
}

function backTarget(
  scope: Scope,
  to: RuleCollection,
  { segment, place, isLast }: { segment: string; place: NamePlace; isLast: boolean },
): RuleCollection {
  const at = segment.lastIndexOf("_via_");
  const [name, fieldName] = at < 0 ? ["", ""] : [segment.slice(0, at), segment.slice(at + "_via_".length)];
  const collection = name === "" || isLast ? undefined : scope.schema.find(name);
  const field = collection?.fields.find((candidate) => candidate.name === fieldName);
  if (collection === undefined || field?.type !== "relation") throw unknown(place);
  if (scope.schema.find(field.target ?? "")?.id !== to.id) throw unknown(place);
  if (scope.isFilter && isSecret(field)) throw hidden(field, place);
  return collection;
}
