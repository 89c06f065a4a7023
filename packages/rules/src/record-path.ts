import { fieldSide, jsonSide } from "./field-side.ts";
import { hop, type Stop } from "./hop.ts";
import type { RecordPlace } from "./join-node.ts";
import { hidden, isSecret, isUntold, type NamePlace, splitModifier, unknown } from "./name-place.ts";
import { isRecord, type Row } from "./row.ts";
import { RuleError } from "./rule-error.ts";
import { findField, type RuleCollection, type RuleField } from "./schema.ts";
import type { Scope } from "./scope.ts";
import type { Side } from "./side.ts";

/** Most relations in one identifier. */
const maxHops = 6;

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
  if (!stop.isTrusted && isSecret(stop.collection, field)) throw hidden(field, place);
  const side = resolveField(scope, stop.place, { field, segments: [segment, ...rest], place });
  return side === undefined ? undefined : guarded(stop, field, withheld(stop.collection, field, side));
}

/** A side whose value nobody is told, where it is one of those that never leave. */
export function withheld(collection: RuleCollection, field: RuleField, side: Side): Side {
  return isUntold(collection, field) ? { ...side, isUntold: true } : side;
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
