import { readFileSync } from "node:fs";

/** A page under `docs`. */
export function readPage(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
}

/** The fenced blocks of one language in a page, or in a part of one, in order. */
export function blocksIn(page: string, language: string): readonly string[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, fence]) => fence === language)
    .map(([, , code = ""]) => code);
}

/** The parts of a page by their headings of the second level; what stands in front of the first has none. */
export function sectionsOf(page: string): ReadonlyMap<string, string> {
  const [front = "", ...parts] = page.split(/^## /m);
  const sections = parts.map((part) => [part.slice(0, part.indexOf("\n")), part] as const);
  return new Map([["", front], ...sections]);
}
