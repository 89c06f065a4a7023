import { compileCall } from "./call.ts";
import { macros } from "./macros.ts";
import { unknown } from "./name-place.ts";
import { resolveRecordPath } from "./record-path.ts";
import { resolveSpecial } from "./request-path.ts";
import type { Scope } from "./scope.ts";
import { constant, type Side } from "./side.ts";
import { plainDecimal, type SqlValue } from "./sql-value.ts";
import type { Operand } from "./syntax.ts";

/**
 * Compiles one side of a comparison.
 * @throws {RuleError}
 */
export function compileOperand(scope: Scope, operand: Operand): Side {
  switch (operand.kind) {
    case "text":
      return constant(operand.text, { parameter: () => operand.text });
    case "number":
      return constant(operand.value, { isReal: true, parameter: () => plainDecimal(operand.value) });
    case "identifier":
      return compileIdentifier(scope, operand);
    case "call":
      return compileCall(operand, (argument) => compileOperand(scope, argument));
  }
}

const literals: ReadonlyMap<string, SqlValue> = new Map<string, SqlValue>([
  ["null", null],
  ["true", 1],
  ["false", 0],
]);

function compileIdentifier(scope: Scope, place: { readonly name: string; readonly start: number }): Side {
  const macro = macros.get(place.name);
  if (macro !== undefined) {
    return constant(null, {
      sources: ["clock"],
      get: ({ nowMs }) => macro(nowMs),
      parameter: ({ nowMs }) => String(macro(nowMs)),
    });
  }
  if (place.name.startsWith("@")) return resolveSpecial(scope, place);
  const side = resolveRecordPath(scope, place);
  if (side !== undefined) return side;
  const literal = literals.get(place.name.toLowerCase());
  if (literal === undefined) throw unknown(place);
  return constant(literal);
}
