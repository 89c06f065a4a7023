import { readFileSync } from "node:fs";

/** What `docs/operate.md` says. */
export const operateDoc = readFileSync(new URL("../../docs/operate.md", import.meta.url), "utf8");

/** The cells of the tables under a heading of `docs/operate.md`, their marks of code taken off; the heads are left out. */
export function rowsUnder(heading: string): readonly (readonly string[])[] {
  const section = operateDoc.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new TypeError(`expected a heading ${heading} in docs/operate.md`);
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}
