import { checkJoin, checkPath, type NamePlace, splitModifier } from "./record-path.ts";
import { isList } from "./field-value.ts";
import { MissingDataError } from "./evaluation-error.ts";
import { RuleError } from "./rule-error.ts";
import type { Row } from "./row.ts";
import { findField } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { column, constant, requestValue, type Side } from "./side.ts";
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
  if (rest.length === 0) return fixed(area, place);
  scope.reads.add(place.name.replace(/:.*$/, ""));
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

function fixed(area: string, place: NamePlace): Side {
  if (area === "context") return text("realtime");
  if (area === "method") return text("GET");
  throw noName(place);
}

function text(value: string): Side {
  return constant(value, { parameter: () => value });
}

function collectionSide(scope: Scope, place: NamePlace, area: string, rest: readonly string[]): Side {
  const collection = scope.schema.find(area.replace(/:\w+$/, ""));
  if (collection === undefined) throw new RuleError("unknown", `no collection ${area}`, place.start);
  scope.need("collection", place);
  checkJoin(scope, collection, place);
  checkPath(scope, collection, place, rest);
  return column(() => null);
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
      return column((row) => (raw(row) === undefined ? 0 : 1), { known: "flag" });
    case "lower":
      return valueSide((row) => lowerAscii(raw(row) ?? ""), false);
    default:
      throw new RuleError("unknown", `no modifier :${modifier} on ${place.name}`, place.start);
  }
}

function isNumberField({ collection }: Scope, name: string): boolean {
  return findField(collection, name)?.type === "number";
}

function valueSide(raw: (row: Row) => string | undefined, isNumber: boolean): Side {
  const get = (row: Row): SqlValue => {
    const value = raw(row) ?? null;
    return isNumber && value !== "" ? toNumeric(value) : value;
  };
  return requestValue(get, { parameter: (row) => parameterOf(get(row)) });
}

function parameterOf(value: SqlValue): string | null {
  return typeof value === "number" ? plainDecimal(value) : value;
}

function authSide(scope: Scope, place: NamePlace, rest: readonly string[]): Side {
  const [name = ""] = rest;
  if (rest.length > 1 || !authFields.has(name)) {
    scope.need("auth-record", place);
    return requestValue(() => null, { parameter: () => null });
  }
  const raw = ({ request: { auth } }: Row): unknown => {
    // what a token does not say is not known to be empty
    if (auth !== undefined && !Object.hasOwn(auth, name)) throw new MissingDataError(place.name);
    return auth?.[name];
  };
  const get = (row: Row): SqlValue => {
    const value = raw(row) ?? null;
    if (typeof value === "boolean") return value ? 1 : 0;
    return typeof value === "string" || typeof value === "number" ? value : null;
  };
  // a bool is bound as 1 or 0 and rendered as true or false
  const parameter = (row: Row): string | null => {
    const value = raw(row);
    return typeof value === "boolean" ? String(value) : parameterOf(get(row));
  };
  return requestValue(get, { isReal: false, parameter });
}

/** Realtime requests have no body. */
function bodySide(scope: Scope, place: NamePlace, rest: readonly string[]): Side {
  const [name, modifier] =
    rest.length === 1 ? splitModifier(rest[0] ?? "", place) : [rest[0] ?? "", undefined];
  const field = findField(scope.collection, name);
  switch (modifier) {
    case "isset":
      return column(() => 0, { known: "flag" });
    case "lower":
      return text("");
    case "changed":
      if (field === undefined) throw noName(place);
      return column(() => 0, { isJson: true });
    case "length":
      if (field === undefined || !isList(field.type)) throw noName(place);
      return column(() => 0);
    case "each":
      if (field === undefined || !isList(field.type)) throw noName(place);
      return field.multiple ? column(() => null, { values: () => [null] }) : column(() => null);
    default:
      return requestValue(() => null, { parameter: () => null });
  }
}
