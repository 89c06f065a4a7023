import { columnLiteral } from "./equality.ts";
import type { Subject } from "./row.ts";
import { isOnlyOf } from "./side.ts";
import type { SqlValue } from "./sql-value.ts";
import type { ComparisonTerm, Term } from "./term.ts";
import { evaluate } from "./work.ts";

/** A value that some field of a record must have for a filter to pass. */
export interface LiteralPin {
  /** The field as the filter names it; equal names read equal values. */
  readonly name: string;
  /** What the field has; nothing where that is too much work to tell. */
  readonly valuesOf: (subject: Subject) => readonly SqlValue[] | undefined;
  readonly value: SqlValue;
}

/** More alternatives are not worth a look-up each. */
const maxPins = 50;

/**
 * The values of which a record must have one for a term to be true.
 * @returns nothing where there are none of the kind, or too many
 */
export function literalPinsOf(term: Term): readonly LiteralPin[] | undefined {
  switch (term.kind) {
    case "||": {
      const found = term.terms.map(literalPinsOf);
      const pins = found.flatMap((some) => some ?? []);
      return found.includes(undefined) || pins.length > maxPins ? undefined : pins;
    }
    case "&&":
      return term.terms
        .map(literalPinsOf)
        .reduce((least, pins) =>
          pins !== undefined && pins.length < (least?.length ?? maxPins) ? pins : least,
        );
    case "comparison":
      return comparisonPin(term);
  }
}

function comparisonPin({ syntax, left, right }: ComparisonTerm): readonly LiteralPin[] | undefined {
  if (syntax.operator !== "=") return undefined;
  const isSwapped = left.sources.length === 0;
  const [column, literal] = isSwapped ? [right, left] : [left, right];
  const operand = isSwapped ? syntax.right : syntax.left;
  const value = columnLiteral(column, literal);
  if (value === undefined || operand.kind !== "identifier" || !isOnlyOf(column, "record")) return undefined;
  const { get, values } = column;
  const valuesOf = (subject: Subject): readonly SqlValue[] | undefined => {
    const found = evaluate(() => values?.(subject) ?? [get(subject)]);
    return found === "failed" ? undefined : found;
  };
  return [{ name: operand.name, valuesOf, value }];
}
