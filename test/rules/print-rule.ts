import { plainDecimal } from "../../packages/rules/src/sql-value.ts";
import type { Comparison, Group, Operand } from "../../packages/rules/src/syntax.ts";

/** Writes a parsed rule in the one plain way: without comments, and with all brackets and joins that count. */
export function printRule({ items }: Group): string {
  return items
    .map(({ join, term }, index) => (index === 0 ? printTerm(term) : ` ${join} ${printTerm(term)}`))
    .join("");
}

function printTerm(term: Comparison | Group): string {
  if (term.kind === "group") return `(${printRule(term)})`;
  const { left, operator, isAny, right } = term;
  return `${printOperand(left)} ${isAny ? "?" : ""}${operator} ${printOperand(right)}`;
}

function printOperand(operand: Operand): string {
  switch (operand.kind) {
    case "identifier":
      return operand.name;
    case "number":
      return plainDecimal(operand.value);
    case "text":
      return `"${operand.text.replaceAll('"', String.raw`\"`)}"`;
    case "call":
      return `${operand.name}(${operand.args.map(printOperand).join(", ")})`;
  }
}
