/** How two values are compared. */
export type Operator = "=" | "!=" | ">" | ">=" | "<" | "<=" | "~" | "!~";

const operators: ReadonlySet<string> = new Set<Operator>(["=", "!=", ">", ">=", "<", "<=", "~", "!~"]);

export function isOperator(text: string): text is Operator {
  return operators.has(text);
}

/** Where something stands in the text, in UTF-16 units; `end` is behind it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One side of a comparison, or an argument of a function. */
export type Operand = Span &
  (
    | { readonly kind: "identifier"; readonly name: string }
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "call"; readonly name: string; readonly args: readonly Operand[] }
  );

export interface Comparison extends Span {
  readonly kind: "comparison";
  readonly left: Operand;
  readonly operator: Operator;
  /** Written with `?`: one value of a multiple side is enough. */
  readonly isAny: boolean;
  readonly right: Operand;
}

/** What stands in brackets, or the whole text. `&&` binds tighter than `||`. */
export interface Group extends Span {
  readonly kind: "group";
  readonly items: readonly Item[];
}

/** A term and how it is joined to the one before; the first term's join counts for nothing. */
export interface Item {
  readonly join: "&&" | "||";
  readonly term: Comparison | Group;
}
