import type { Block } from "./block.ts";

/** Whether a text is what the page says that a block prints. */
export function isPrinted({ output = "" }: Block, printed: string): boolean {
  return patternOf(output).test(plain(printed));
}

/** @throws {Error} where a text is not what the page says that a block prints */
export function expectPrinted(block: Block, printed: string): void {
  if (isPrinted(block, printed)) return;
  throw new Error(`${block.place}: expected\n${plain(block.output ?? "")}\n\ngot\n${plain(printed)}`);
}

/** What a page shows: `…` stands for whatever is there. */
function patternOf(output: string): RegExp {
  const parts = plain(output).split("…");
  return new RegExp(
    `^${parts.map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)).join("[^]*")}$`,
  );
}

const differing: readonly (readonly [RegExp, string])[] = [
  [/\r/g, ""],
  // npm's own words in front of what a script prints
  [/^\n?(> .*\n)+\n?/gm, ""],
  [/"?\b\d{13}-\d+\b(\.\d+)?"?/g, "CURSOR"],
  [/\b[A-Za-z0-9]{40}\b/g, "CLIENT"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, "TOKEN"],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, "TIME"],
  [/-?(?<![\d.])\d+(\.\d+)? (m?s|MiB)\b/g, "MEASURED $2"],
  [/(?<![\d.])\d+\.\d+\.\d+(?![\d.])/g, "VERSION"],
  [/[ \t]+$/gm, ""],
];

/** A text without what differs from run to run. */
function plain(text: string): string {
  return differing.reduce((left, [what, name]) => left.replaceAll(what, name), text).trim();
}
