import { RuleError } from "./rule-error.ts";
import { Scanner, type Token } from "./scanner.ts";
import type { Comparison, Group, Item, Operand, Span } from "./syntax.ts";

/** Most comparisons of one rule or filter, over all its groups. */
const maxComparisons = 200;

/** Deepest nesting of brackets: no rule that a person wrote comes near it. */
const maxDepth = 200;

/** Something that PocketBase accepts and that hardly anybody means. */
export interface Quirk extends Span {
  readonly advice: string;
}

/** A rule read. */
export interface Parse {
  readonly group: Group;
  readonly quirks: readonly Quirk[];
}

/**
 * Reads a rule or filter.
 * @throws {RuleError} `syntax`, `limit`
 * @see fexpr parser.go; its quirks are kept, each with a word of advice
 */
export function parse(text: string): Parse {
  const nul = text.indexOf("\0");
  if (nul >= 0) throw new RuleError("syntax", "expected no NUL", nul);
  const parser = new Parser(text);
  const group = parser.group({ start: 0, end: text.length }, 0);
  return { group, quirks: parser.quirks };
}

class Parser {
  readonly quirks: Quirk[] = [];
  readonly #text: string;
  readonly #bracketEnds = new Map<number, number>();
  #comparisons = 0;

  constructor(text: string) {
    this.#text = text;
  }

  group(span: Span, depth: number): Group {
    if (depth > maxDepth)
      throw new RuleError("limit", `expected brackets at most ${maxDepth} deep`, span.start);
    const scanner = new Scanner(this.#text, span, this.#bracketEnds);
    const items: Item[] = [];
    let join: Item["join"] = "&&";
    let expectsJoin = false;
    for (let token = scanner.next(); token.kind !== "end"; token = scanner.next()) {
      if (token.kind === "brackets") {
        if (expectsJoin) this.#note(token, `this group is joined with ${join}: write it`);
        items.push({ join, term: this.#brackets(token, depth) });
        expectsJoin = true;
      } else if (expectsJoin) {
        if (token.kind !== "join") throw unexpected(this.#text, token, "&& or ||");
        join = token.join;
        expectsJoin = false;
      } else {
        const term = this.#comparison(scanner, token, depth);
        items.push({ join, term });
        expectsJoin = true;
      }
    }
    if (items.length === 0) throw new RuleError("syntax", "expected a comparison, got nothing", span.end);
    if (!expectsJoin) throw new RuleError("syntax", "expected a comparison behind the join", span.end);
    return { kind: "group", items, ...span };
  }

  /** A comparison, or the group that swallows what stands of one. */
  #comparison(scanner: Scanner, first: Token, depth: number): Comparison | Group {
    const left = this.#operand(first, "left");
    const sign = scanner.next();
    if (sign.kind === "brackets") return this.#swallow(first, sign, depth);
    if (sign.kind !== "operator") throw unexpected(this.#text, sign, "an operator");
    const last = scanner.next();
    if (last.kind === "brackets") return this.#swallow(first, last, depth);
    const right = this.#operand(last, "right");
    this.#count(left);
    const { operator, isAny } = sign;
    return { kind: "comparison", left, operator, isAny, right, start: left.start, end: right.end };
  }

  #swallow(first: Span, brackets: Span, depth: number): Group {
    this.#note(
      { start: first.start, end: brackets.end },
      "what stands before this group counts for nothing: remove it",
    );
    return this.#brackets(brackets, depth);
  }

  #brackets({ start, end }: Span, depth: number): Group {
    return this.group({ start: start + 1, end: end - 1 }, depth + 1);
  }

  #count({ start }: Span): void {
    this.#comparisons += 1;
    if (this.#comparisons > maxComparisons) {
      throw new RuleError("limit", `expected at most ${maxComparisons} comparisons`, start);
    }
  }

  #operand(token: Token, side: "left" | "right"): Operand {
    switch (token.kind) {
      case "identifier":
      case "text":
      case "number":
      case "call":
        return token;
      default:
        throw unexpected(this.#text, token, `a ${side} operand`);
    }
  }

  #note({ start, end }: Span, advice: string): void {
    this.quirks.push({ start, end, advice });
  }
}

function unexpected(text: string, { start, end }: Span, wanted: string): RuleError {
  const got = start === end ? "the end" : text.slice(start, Math.min(end, start + 40));
  return new RuleError("syntax", `expected ${wanted}, got ${got}`, start);
}
