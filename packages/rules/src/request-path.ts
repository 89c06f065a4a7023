import { isList } from "./field-value.ts";
import { authPlace, isAuthFollowed } from "./join-node.ts";
import { collectionStop } from "./hop.ts";
import { type NamePlace, splitModifier } from "./name-place.ts";
import { resolveField, resolvePath, withheld } from "./record-path.ts";
import { RuleError } from "./rule-error.ts";
import type { Row } from "./row.ts";
import { findField, type RuleCollection, type RuleField } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { absentValue, column, constant, requestValue, type Side } from "./side.ts";
import { lowerAscii, plainDecimal, type SqlValue, toNumeric } from "./sql-value.ts";

/** The fields of the auth record that are at hand with the request. */
const authFields: ReadonlySet<string> = new Set([
  "id",
  "collectionId",
  "collectionName",
  "email",
  "emailVisibility",
  "verified",
]);

/**
 * Resolves an `@request.…` or `@collection.…` identifier.
 * @throws {RuleError} `unknown`, `forbidden`
 */
export function resolveSpecial(scope: Scope, place: NamePlace): Side {
  const [root = "", area = "", ...rest] = place.name.split(".");
  if (root === "@collection" && rest.length > 0) return collectionSide(scope, place, area, rest);
  if (root !== "@request" || area === "") throw noName(place);
  scope.need("request", place);
  if (rest.length === 0) return fixed(scope, area, place);
  // two modifiers are none, and part of the name
  scope.read(place.name.replace(/(?<=^[^:]*):\w*$/, ""));
  switch (area) {
    case "query":
    case "headers":
      return optionSide(scope, place, area, rest);
    case "auth":
      return authSide(scope, place, rest);
    case "body":
      return bodySide(scope, place, rest);
    default:
      throw noName(place);
  }
}

function noName({ name, start }: NamePlace): RuleError {
  return new RuleError("unknown", `no ${name}`, start);
}

function fixed({ context }: Scope, area: string, place: NamePlace): Side {
  if (area === "context") return text(context);
  if (area === "method") return text("GET");
  throw noName(place);
}

function text(value: string): Side {
  return constant(value, { parameter: () => value });
}

function collectionSide(scope: Scope, place: NamePlace, area: string, segments: readonly string[]): Side {
  const [name = "", alias] = area.split(/:(?=\w+$)/);
  const collection = scope.schema.find(name);
  if (collection === undefined) throw new RuleError("unknown", `no collection ${area}`, place.start);
  scope.need("collection", place);
  const stop = collectionStop(scope, { collection, alias: alias ?? collection.name, place });
  return resolvePath(scope, stop, { place, segments });
}

function optionSide(
  scope: Scope,
  place: NamePlace,
  area: "query" | "headers",
  rest: readonly string[],
): Side {
  const last = rest.length - 1;
  const [lastName, modifier] = splitModifier(rest[last] ?? "", place);
  const [key = ""] = last === 0 ? [lastName] : rest;
  const raw = ({ request }: Row): string | undefined =>
    last === 0 && Object.hasOwn(request[area], key) ? request[area][key] : undefined;
  switch (modifier) {
    case undefined:
      return valueSide(raw, isNumberField(scope, lastName));
    case "isset":
      return column(["options"], (row) => (raw(row) === undefined ? 0 : 1), { known: "flag" });
    case "lower":
      return valueSide((row) => lowered(raw(row)), false);
    default:
      throw new RuleError("unknown", `no modifier :${modifier} on ${place.name}`, place.start);
  }
}

function lowered(value: string | undefined): string | undefined {
  return value === undefined ? undefined : lowerAscii(value);
}

function isNumberField({ collection }: Scope, name: string): boolean {
  return findField(collection, name)?.type === "number";
}

function valueSide(raw: (row: Row) => string | undefined, isNumber: boolean): Side {
  const get = (row: Row): SqlValue => {
    const value = raw(row) ?? null;
    return isNumber && value !== "" ? toNumeric(value) : value;
  };
  return requestValue("options", get, { parameter: (row) => parameterOf(get(row)) });
}

function parameterOf(value: SqlValue): string | null {
  return typeof value === "number" ? plainDecimal(value) : value;
}

function authSide(scope: Scope, place: NamePlace, rest: readonly string[]): Side {
  const [name = ""] = rest;
  if (rest.length > 1 || !authFields.has(name)) {
    scope.need("auth-record", place);
    // which field a claim is read as
    scope.read("@request.auth.collectionId");
    const { authCollection } = scope;
    return authCollection === undefined
      ? absentValue("auth")
      : claimSide(scope, authCollection, { place, rest });
  }
  const raw = ({ request: { auth } }: Row): unknown => auth?.[name];
  const get = ({ request: { auth } }: Row): SqlValue => {
    const value = auth?.[name];
    if (typeof value === "string" || typeof value === "number") return value;
    return typeof value === "boolean" ? Number(value) : null;
  };
  // a bool is bound as 1 or 0 and rendered as true or false
  const parameter = (row: Row): string | null => {
    const value = raw(row);
    return typeof value === "boolean" ? String(value) : parameterOf(get(row));
  };
  return requestValue("auth", get, { isReal: false, parameter, isMissing: isClaimMissing(name) });
}

/** What a token does not say is not known to be empty; of whom it is, every one says. */
function isClaimMissing(name: string): Side["isMissing"] {
  if (name === "id" || name === "collectionId" || name === "collectionName") return undefined;
  return ({ request: { auth } }) => auth !== undefined && !Object.hasOwn(auth, name);
}

/**
 * A field of the auth record: a column where its collection declares it, of its row where the collection is followed, else
 * of what the token says.
 */
function claimSide(
  scope: Scope,
  authCollection: RuleCollection,
  { place, rest }: { readonly place: NamePlace; readonly rest: readonly string[] },
): Side {
  const [first = ""] = rest;
  const [name, modifier] = rest.length === 1 ? splitModifier(first, place) : [first, undefined];
  // with a modifier it is a column that is looked for, and these are none
  if (name === "collectionId" || name === "collectionName") return absentValue("auth");
  const declared = findField(authCollection, name);
  const isBack = declared === undefined && rest.length > 1 && first.includes("_via_");
  if (declared === undefined && !isBack && scope.isAuthFollowed) return absentValue("auth");
  const field = declared ?? undeclaredClaim(name, modifier);
  const side = isBack ? undefined : resolveField(scope, authPlace, { field, segments: rest, place });
  if (side === undefined) return authJoinSide(scope, authCollection, { place, rest });
  const isMissing = isClaimMissing(name);
  return {
    ...withheld(authCollection, field, side),
    isMissing: (row) => !isAuthFollowed(row) && isMissing?.(row) === true,
  };
}

/** What is found in other records from the auth record; where it leads nowhere, it is NULL. */
function authJoinSide(
  scope: Scope,
  collection: RuleCollection,
  { place, rest }: { readonly place: NamePlace; readonly rest: readonly string[] },
): Side {
  const stop = { place: authPlace, collection, isTrusted: true };
  try {
    return resolvePath(scope, stop, { place, segments: rest });
  } catch (error) {
    if (error instanceof RuleError && error.code === "unknown") return absentValue("auth");
    throw error;
  }
}

/** A claim that no field declares is what its JSON says; one that is taken apart is a list of texts. */
function undeclaredClaim(name: string, modifier: string | undefined): RuleField {
  const isTakenApart = modifier === "each" || modifier === "length";
  return { name, type: isTakenApart ? "select" : "json", multiple: isTakenApart, hidden: false };
}

/** Realtime requests have no body. */
function bodySide(scope: Scope, place: NamePlace, rest: readonly string[]): Side {
  const [name, modifier] =
    rest.length === 1 ? splitModifier(rest[0] ?? "", place) : [rest[0] ?? "", undefined];
  const field = findField(scope.collection, name);
  switch (modifier) {
    case "isset":
      return column([], () => 0, { known: "flag" });
    case "lower":
      return text("");
    case "changed":
      if (field === undefined) throw noName(place);
      return column([], () => 0, { isJson: true });
    case "length":
      if (field === undefined || !isList(field.type)) throw noName(place);
      return column([], () => 0);
    case "each":
      if (field === undefined || !isList(field.type)) throw noName(place);
      return column([], () => null, field.multiple ? { values: () => [null] } : {});
    default:
      return absentValue("options");
  }
}
