import type { SeededChoice } from "../harness/seeded-choice.ts";

/** Longest text that is made. */
const maxChars = 10_000;

const tokenPattern = /'[^']*'|"[^"]*"|[\w@#.:]+|[=!<>~?]+|&&|\|\||\s+|./gs;

const signs = Array.from("()()()'\"\\&|=!<>~?.,:@#_-/%*\n\t\r\0 09aZé\u{1f600}\ud800");

/** Makes texts that look like rules and are none, or rules that nobody would write, out of good ones. */
export class Mutants {
  readonly #rules: readonly string[];
  readonly #tokens: readonly string[];

  constructor(rules: readonly string[]) {
    this.#rules = rules;
    this.#tokens = [...new Set(rules.flatMap(tokensOf))];
  }

  /** One text of at most 10,000 characters; the most are short. */
  next(choice: SeededChoice): string {
    const kind = choice.integer(100);
    return this.#make(kind, choice).slice(0, maxChars);
  }

  #make(kind: number, choice: SeededChoice): string {
    if (kind < 30) return this.#withOtherTokens(choice);
    if (kind < 50) return this.#withOtherChars(choice);
    if (kind < 65) return this.#spliced(choice);
    if (kind < 75) return this.#joined(choice, choice.chance(0.1) ? 250 : 8);
    if (kind < 80) return this.#nested(choice);
    if (kind < 85) return this.#stretched(choice);
    if (kind < 95) return choice.text(this.#tokens, choice.chance(0.02) ? 2_000 : 20);
    return randomChars(choice, choice.chance(0.05) ? maxChars : 60);
  }

  /** Tokens deleted, doubled, swapped, put in. */
  #withOtherTokens(choice: SeededChoice): string {
    const tokens = tokensOf(choice.of(this.#rules));
    for (let left = 1 + choice.integer(3); left > 0; left--) mutate(tokens, choice.of(this.#tokens), choice);
    return tokens.join("");
  }

  /** Characters deleted, doubled, swapped, put in. */
  #withOtherChars(choice: SeededChoice): string {
    const chars = choice.of(this.#rules).split("");
    for (let left = 1 + choice.integer(3); left > 0; left--) mutate(chars, choice.of(signs), choice);
    return chars.join("");
  }

  /** The beginning of one rule and the end of another. */
  #spliced(choice: SeededChoice): string {
    const [one, other] = [tokensOf(choice.of(this.#rules)), tokensOf(choice.of(this.#rules))];
    const beginning = one.slice(0, choice.integer(one.length + 1));
    return beginning.concat(other.slice(choice.integer(other.length))).join("");
  }

  #joined(choice: SeededChoice, most: number): string {
    const rules = Array.from({ length: 1 + choice.integer(most) }, () => choice.of(this.#rules));
    return rules
      .map((rule) => choice.of(["&&", "||", " && ", " || ", "(", ")("]) + rule)
      .join("")
      .slice(2);
  }

  #nested(choice: SeededChoice): string {
    const depth = choice.integer(choice.chance(0.1) ? maxChars / 2 : 250);
    const rule = choice.of(this.#rules);
    const inner = choice.chance(0.5) ? rule : `${rule} && `.repeat(depth);
    return `${"(".repeat(depth)}${inner}${")".repeat(Math.max(0, depth - choice.integer(3) + 1))}`;
  }

  /** One token far too long: a name, a path, a number, a text, a comment, the arguments of a call. */
  #stretched(choice: SeededChoice): string {
    const tokens = tokensOf(choice.of(this.#rules));
    const times = choice.integer(choice.chance(0.2) ? maxChars : 400);
    const piece = choice.of(stretchable);
    const at = choice.integer(tokens.length + 1);
    const [open = "", close = ""] = choice.of([
      ["'", "'"],
      ["title ~ '%", "b%'"],
      ["strftime(", ")"],
      [""],
      ["1", "."],
    ]);
    tokens.splice(at, choice.integer(2), open + piece.repeat(times) + close);
    return tokens.join("");
  }
}

const stretchable = (
  "a _ % a% %_ \\ 1 9. .a :each a_via_ ( ) //\n \n - = & 'a', 1, @request. data. author. cats.parent. '%Y' ! ? aB " +
  "\\' é"
)
  .split(" ")
  .concat(" ");

function tokensOf(rule: string): string[] {
  return rule.match(tokenPattern) ?? [];
}

function mutate(parts: string[], other: string, choice: SeededChoice): void {
  const at = choice.integer(parts.length + 1);
  const part = parts[at] ?? "";
  switch (choice.integer(4)) {
    case 0:
      parts.splice(at, 1);
      break;
    case 1:
      parts.splice(at, 0, part);
      break;
    case 2:
      parts.splice(at, 1);
      parts.splice(choice.integer(parts.length + 1), 0, part);
      break;
    default:
      parts.splice(at, choice.integer(2), other);
  }
}

function randomChars(choice: SeededChoice, most: number): string {
  const codes = Array.from({ length: choice.integer(most) }, () =>
    choice.integer(choice.of([0x80, 0x100, 0x10000])),
  );
  return String.fromCharCode(...codes);
}
