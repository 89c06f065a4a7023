import { readFileSync } from "node:fs";

const document = readFileSync(new URL("../../docs/writers/README.md", import.meta.url), "utf8");

/**
 * The fenced blocks of a language in `docs/writers/README.md`, in order.
 * @param heading of the section; the part in front of all headings where it is empty
 */
export function blocksUnder(heading: string, language: string): readonly string[] {
  const section = document
    .split(/^## /m)
    .find((text, index) => (heading === "" ? index === 0 : text.startsWith(`${heading}\n`)));
  if (section === undefined) throw new TypeError(`expected a heading ${heading} in docs/writers/README.md`);
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, fence]) => fence === language)
    .map(([, , code = ""]) => code);
}

/** The headings of the document: its languages. */
export function documentedLanguages(): readonly string[] {
  return [...document.matchAll(/^## (.*)$/gm)].map(([, heading = ""]) => heading);
}
