import { Tokenizer } from "htmlparser2";

/** What the `:excerpt` modifier asks for. */
export interface Excerpt {
  /** Most code points. */
  readonly maxLength: number;
  /** Whether `...` stands behind a text that was cut. */
  readonly withEllipsis: boolean;
}

/**
 * The plain text of an HTML text, blanks collapsed, cut. Linear in the text, whatever stands in it.
 * @see PocketBase tools/picker/excerpt_modifier.go
 */
export function excerptOf(html: string, { maxLength, withEllipsis }: Excerpt): string {
  const text = trim(new PlainText(html, maxLength).read());
  const codePoints = Array.from(text.slice(0, 2 * maxLength + 1));
  if (codePoints.length <= maxLength) return text;
  return trim(codePoints.slice(0, maxLength).join("")) + (withEllipsis ? "..." : "");
}

/** Go's TrimSpace: JavaScript's own takes a byte order mark for a blank, and NEL for none. */
function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charAt(start))) start += 1;
  while (end > start && isBlank(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(char: string): boolean {
  return char === "\u0085" || (char !== "\ufeff" && /^\s$/.test(char));
}

const blockChars = 16_384;

const excludedTags: ReadonlySet<string> = new Set(
  "head style script iframe embed applet object svg img picture dialog template button form textarea input select option".split(
    " ",
  ),
);

const inlineTags: ReadonlySet<string> = new Set(
  "a abbr acronym b bdo big br button cite code em i label q small span strong strike sub sup time".split(
    " ",
  ),
);

const voidTags: ReadonlySet<string> = new Set(
  "area base br col embed hr img input link meta param source track wbr".split(" "),
);

function ignore(): void {
  // only text and tags count
}

/** Reads the text of one HTML text until there is enough of it. */
class PlainText {
  readonly #html: string;
  readonly #maxLength: number;
  readonly #open: string[] = [];
  readonly #openCounts = new Map<string, number>();
  /** How many elements were open around the one whose content is passed over; -1 where none is. */
  #skipDepth = -1;
  #text = "";
  /** UTF-8 bytes, with the blank that the body begins with. */
  #bytes = 1;
  #endsInBlank = true;

  constructor(html: string, maxLength: number) {
    this.#html = html;
    this.#maxLength = maxLength;
  }

  read(): string {
    const tokenizer = new Tokenizer(
      {},
      {
        ontext: (start, end) => this.#append(this.#html.slice(start, end)),
        ontextentity: (codePoint) => this.#append(String.fromCodePoint(codePoint)),
        onopentagname: (start, end) => this.#enter(this.#html.slice(start, end).toLowerCase()),
        onclosetag: (start, end) => this.#leave(this.#html.slice(start, end).toLowerCase()),
        onattribdata: ignore,
        onattribentity: ignore,
        onattribend: ignore,
        onattribname: ignore,
        oncdata: ignore,
        oncomment: ignore,
        ondeclaration: ignore,
        onend: ignore,
        onopentagend: ignore,
        onprocessinginstruction: ignore,
        onselfclosingtag: ignore,
      },
    );
    for (let at = 0; at < this.#html.length && !this.#isEnough(); at += blockChars) {
      tokenizer.write(this.#html.slice(at, at + blockChars));
    }
    tokenizer.end();
    return this.#text;
  }

  /** A code point is two units at most, and what follows a word can no longer be trimmed. */
  #isEnough(): boolean {
    return this.#text.length > 2 * this.#maxLength + 2 && !this.#endsInBlank;
  }

  #append(text: string): void {
    if (this.#skipDepth >= 0) return;
    const collapsed = text.replace(/[\t\n\f\r ]+/g, " ");
    const added = this.#endsInBlank && collapsed.startsWith(" ") ? collapsed.slice(1) : collapsed;
    if (added === "") return;
    this.#text += added;
    this.#bytes += utf8Length(added);
    this.#endsInBlank = added.endsWith(" ");
  }

  #appendBlank(name: string): void {
    if (!inlineTags.has(name)) this.#append(" ");
  }

  #enter(name: string): void {
    if (name === "html" || name === "body") return;
    const isExcluded = excludedTags.has(name);
    if (!isExcluded) this.#appendBlank(name);
    if (voidTags.has(name)) return;
    // where there is enough, PocketBase looks into no further element
    const isSkipped = isExcluded || this.#bytes > this.#maxLength + 2;
    if (isSkipped && this.#skipDepth < 0) this.#skipDepth = this.#open.length;
    this.#open.push(name);
    this.#openCounts.set(name, (this.#openCounts.get(name) ?? 0) + 1);
  }

  #leave(name: string): void {
    if ((this.#openCounts.get(name) ?? 0) === 0) return name === "p" ? this.#append(" ") : undefined;
    const isInline = inlineTags.has(name);
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      // an inline element that ends inside a block goes on behind it
      if (isInline && !inlineTags.has(top)) return;
      this.#pop(top);
      if (top === name) return;
    }
  }

  #pop(name: string): void {
    this.#open.pop();
    this.#openCounts.set(name, (this.#openCounts.get(name) ?? 0) - 1);
    if (this.#skipDepth === this.#open.length) this.#skipDepth = -1;
    if (!excludedTags.has(name)) this.#appendBlank(name);
  }
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // each half of a surrogate pair is two of its four bytes
    if (unit < 0x80) bytes += 1;
    else bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  return bytes;
}
