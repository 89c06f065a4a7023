import { RuleError } from "./rule-error.ts";
import { isOperator, type Operand, type Operator, type Span } from "./syntax.ts";

/** A token that means something to the parser; blanks and comments are passed over. */
export type Token =
  | Operand
  | (Span & { readonly kind: "operator"; readonly operator: Operator; readonly isAny: boolean })
  | (Span & { readonly kind: "join"; readonly join: "&&" | "||" })
  /** What stands between brackets, not looked into; the span includes the brackets. */
  | (Span & { readonly kind: "brackets" })
  | (Span & { readonly kind: "end" });

const maxCallDepth = 3;

/**
 * Splits a rule into tokens.
 * @see fexpr scanner.go; its quirks are kept
 */
export class Scanner {
  readonly #text: string;
  readonly #end: number;
  readonly #bracketEnds: Map<number, number>;
  #at: number;

  /**
   * Scans a part of a text, so that positions are those of the whole.
   * @param bracketEnds where brackets end, by where they begin; shared by all parts, so that each is looked for once
   */
  constructor(text: string, { start, end }: Span, bracketEnds = new Map<number, number>()) {
    this.#text = text;
    this.#at = start;
    this.#end = end;
    this.#bracketEnds = bracketEnds;
  }

  /** @throws {RuleError} `syntax` where no token begins or one does not end */
  next(): Token {
    this.#skipBlanks();
    const start = this.#at;
    const char = this.#peek();
    if (char === "") return { kind: "end", start, end: start };
    if (char === "(") return this.#brackets();
    if (isNameStart(char)) return this.#name(maxCallDepth);
    if (isNumberStart(char)) return this.#number();
    if (isQuote(char)) return this.#quoted();
    if (isOperatorChar(char)) return this.#operator();
    if (char === "&" || char === "|") return this.#join();
    return this.#unexpected();
  }

  #peek(): string {
    return this.#at < this.#end ? this.#text.charAt(this.#at) : "";
  }

  #run(accepts: (char: string) => boolean): string {
    const start = this.#at;
    while (this.#at < this.#end && accepts(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #skipBlanks(): void {
    for (;;) {
      this.#run(isBlank);
      if (this.#peek() !== "/") return;
      const start = this.#at;
      if (this.#run((char) => char === "/").length < 2) {
        throw syntaxError("expected a comment to begin with //, got /", start);
      }
      this.#run((char) => char !== "\n");
    }
  }

  #operator(): Token {
    const start = this.#at;
    const sign = this.#run(isOperatorChar);
    const isAny = sign.startsWith("?");
    const operator = isAny ? sign.slice(1) : sign;
    if (!isOperator(operator)) throw syntaxError(`expected an operator, got ${sign}`, start);
    return { kind: "operator", operator, isAny, start, end: this.#at };
  }

  #join(): Token {
    const start = this.#at;
    const join = this.#run((char) => char === "&" || char === "|");
    if (join !== "&&" && join !== "||") throw syntaxError(`expected && or ||, got ${join}`, start);
    return { kind: "join", join, start, end: this.#at };
  }

  #number(): Operand {
    const start = this.#at;
    this.#at += 1;
    this.#run((char) => isDigit(char) || char === ".");
    const literal = this.#text.slice(start, this.#at);
    const isNumber = literal.indexOf(".") === literal.lastIndexOf(".") && isDigit(literal.slice(-1));
    if (!isNumber) throw syntaxError(`expected a number, got ${literal}`, start);
    const value = Number(literal);
    return { kind: "number", value: Number.isFinite(value) ? value : 0, start, end: this.#at };
  }

  /** Runs to the next same quote that no backslash precedes; only an escaped quote of the same kind is unescaped. */
  #quoted(): Operand {
    const start = this.#at;
    const quote = this.#peek();
    const close = this.#closingQuote();
    const text = this.#text.slice(start + 1, close).replaceAll(`\\${quote}`, quote);
    return { kind: "text", text, start, end: this.#at };
  }

  /** Passes over a quoted text and returns where its closing quote stands. */
  #closingQuote(): number {
    const start = this.#at;
    const quote = this.#peek();
    for (let at = start + 1; at < this.#end; at++) {
      if (this.#text.charAt(at) !== quote || (at > start + 1 && this.#text.charAt(at - 1) === "\\")) continue;
      this.#at = at + 1;
      return at;
    }
    throw syntaxError(`expected a closing ${quote}`, start);
  }

  #name(callDepth: number): Operand {
    const start = this.#at;
    this.#at += 1;
    const name = this.#text.charAt(start) + this.#run(isNameChar);
    if (/[.:]$/.test(name) || /^[@_#]$/.test(name)) {
      throw syntaxError(`expected an identifier, got ${name}`, start);
    }
    if (this.#peek() !== "(") return { kind: "identifier", name, start, end: this.#at };
    if (callDepth === 0) throw syntaxError(`expected calls nested at most ${maxCallDepth} deep`, start);
    const args = this.#args(callDepth);
    return { kind: "call", name, args, start, end: this.#at };
  }

  #args(callDepth: number): readonly Operand[] {
    const start = this.#at;
    this.#at += 1;
    const args: Operand[] = [];
    let mayHaveComma = false;
    for (;;) {
      this.#skipBlanks();
      const char = this.#peek();
      if (char === "") throw syntaxError("expected a closing )", start);
      if (char === ")") break;
      if ((char === ",") !== mayHaveComma) this.#unexpected();
      if (mayHaveComma) this.#at += 1;
      else args.push(this.#arg(callDepth));
      mayHaveComma = !mayHaveComma;
    }
    this.#at += 1;
    return args;
  }

  #arg(callDepth: number): Operand {
    const char = this.#peek();
    if (isNameStart(char)) return this.#name(callDepth - 1);
    if (isNumberStart(char)) return this.#number();
    return isQuote(char) ? this.#quoted() : this.#unexpected();
  }

  #brackets(): Token {
    const start = this.#at;
    this.#at = this.#bracketEnds.get(start) ?? this.#findBracketEnds();
    return { kind: "brackets", start, end: this.#at };
  }

  /** Finds the closing bracket, and those of all brackets inside; quotes are known, comments are not. */
  #findBracketEnds(): number {
    const start = this.#at;
    const open: number[] = [];
    while (this.#at < this.#end) {
      const char = this.#peek();
      if (isQuote(char)) {
        this.#closingQuote();
        continue;
      }
      if (char === "(") open.push(this.#at);
      this.#at += 1;
      if (char === ")") this.#bracketEnds.set(open.pop() ?? start, this.#at);
      if (open.length === 0) return this.#at;
    }
    throw syntaxError("expected a closing )", start);
  }

  #unexpected(): never {
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    throw syntaxError(`unexpected ${JSON.stringify(char)}`, this.#at);
  }
}

function syntaxError(message: string, position: number): RuleError {
  return new RuleError("syntax", message, position);
}

function isBlank(char: string): boolean {
  return char === " " || char === "\t" || char === "\n";
}

function isQuote(char: string): boolean {
  return char === "'" || char === '"';
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

function isNumberStart(char: string): boolean {
  return char === "-" || isDigit(char);
}

function isOperatorChar(char: string): boolean {
  return char !== "" && "=?!><~".includes(char);
}

function isNameStart(char: string): boolean {
  return /^[A-Za-z@_#]$/.test(char);
}

function isNameChar(char: string): boolean {
  return /^[A-Za-z0-9_.:]$/.test(char);
}
