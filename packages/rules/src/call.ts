import { containsPattern } from "./like.ts";
import { RuleError } from "./rule-error.ts";
import type { Row } from "./row.ts";
import { column, type Side, type Source } from "./side.ts";
import { plainDecimal, type SqlValue, toNumeric } from "./sql-value.ts";
import { strftime } from "./strftime.ts";
import type { Operand } from "./syntax.ts";
import { work } from "./work.ts";

type Call = Extract<Operand, { readonly kind: "call" }>;

type Resolve = (operand: Operand) => Side;

const earthRadiusKm = 6371;

/**
 * Compiles a call of `geoDistance` or `strftime`.
 * @throws {RuleError} `unknown` for another function, or arguments of another number or kind
 */
export function compileCall(call: Call, resolve: Resolve): Side {
  switch (call.name) {
    case "geoDistance":
      return geoDistance(call, resolve);
    case "strftime":
      return formatTime(call, resolve);
    default:
      throw new RuleError("unknown", `no function ${call.name}`, call.start);
  }
}

function badArguments({ name, start }: Call, expected: string): RuleError {
  return new RuleError("unknown", `${name}: expected ${expected}`, start);
}

function geoDistance(call: Call, resolve: Resolve): Side {
  const isGood = call.args.every(({ kind }) => kind === "identifier" || kind === "number");
  if (call.args.length !== 4 || !isGood) throw badArguments(call, "four identifiers or numbers");
  const sides = call.args.map(resolve);
  return column(sourcesOf(sides), (row) => distanceKm(sides.map((side) => side.get(row))), {
    ...joinedFrom(sides),
    isJson: true,
    isReal: true,
    // what has no parameter at all is wrapped as a column is
    pattern: sides.some(({ parameter }) => parameter !== undefined)
      ? (row) => distanceKm(sides.map((side) => wrapped(side, row)))
      : undefined,
  });
}

function distanceKm(values: readonly SqlValue[]): number | null {
  const radians = values.map((value) => {
    const number = toNumeric(value);
    return typeof number === "number" ? (number * Math.PI) / 180 : undefined;
  });
  const [lonA, latA, lonB, latB] = radians;
  if (lonA === undefined || latA === undefined || lonB === undefined || latB === undefined) return null;
  const cosine = Math.cos(latA) * Math.cos(latB) * Math.cos(lonB - lonA) + Math.sin(latA) * Math.sin(latB);
  work(20);
  const km = earthRadiusKm * Math.acos(cosine);
  return Number.isNaN(km) ? null : km;
}

function formatTime(call: Call, resolve: Resolve): Side {
  const [format, time, ...modifiers] = call.args;
  if (call.args.length > 10 || format?.kind !== "text")
    throw badArguments(call, "a format in quotes, and at most 9 more");
  if (time?.kind === "call") throw badArguments(call, "no call as a time");
  if (modifiers.some(({ kind }) => kind !== "text")) throw badArguments(call, "modifiers in quotes");
  const sides = call.args.map(resolve);
  const each = sides[1]?.values;
  const values = (row: Row): readonly SqlValue[] | undefined =>
    each?.(row)?.map((value) => run(sides.map((side, index) => (index === 1 ? value : side.get(row)))));
  return column(["clock", ...sourcesOf(sides)], (row) => run(sides.map((side) => side.get(row))), {
    ...joinedFrom(sides),
    known: "function",
    pattern: (row) => run(sides.map((side) => wrapped(side, row))),
    ...(each === undefined ? {} : { values }),
  });
}

function sourcesOf(sides: readonly Side[]): readonly Source[] {
  return sides.flatMap(({ sources }) => sources);
}

/** What a value has of the arguments from which it is made. */
function joinedFrom(sides: readonly Side[]): Pick<Side, "isMissing" | "nodes" | "anchor"> {
  const checks = sides.flatMap(({ isMissing }) => isMissing ?? []);
  const nodes = sides.flatMap((side) => side.nodes ?? []);
  return {
    isMissing: checks.length === 0 ? undefined : (row) => checks.some((isMissing) => isMissing(row)),
    nodes: nodes.length === 0 ? undefined : nodes,
    anchor: sides.find(({ anchor }) => anchor !== undefined)?.anchor,
  };
}

/** SQLite reads the clock by itself. */
function run([format = null, ...rest]: readonly SqlValue[]): string | null {
  return strftime(format, rest, Date.now());
}

/** On the right of `~` every parameter inside the call is made a pattern, and the result is not. */
function wrapped(side: Side, row: Row): SqlValue {
  if (side.parameter === undefined) return side.get(row);
  const value = side.get(row);
  if (value === null) return null;
  return containsPattern(typeof value === "number" ? plainDecimal(value) : value);
}
