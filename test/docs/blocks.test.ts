import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { commandsOf, runLanguages } from "./block.ts";
import { readPages, root } from "./page.ts";

const pages = readPages();
const blocks = pages.flatMap((page) => page.blocks);

test("the TypeScript of all pages passes the compiler", () => {
  const typed = blocks.filter(({ language }) => language === "ts");
  const folder = mkdtempSync(join(tmpdir(), "sluice-typed-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  try {
    for (const [at, { before, code }] of typed.entries()) {
      writeFileSync(join(folder, `block-${at}.mts`), `${before}\n${code}\nexport {};\n`);
    }
    const config = { extends: join(root, "tsconfig.json"), include: ["*.mts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { stdout } = spawnSync("tsc", ["-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const notRun = blocks.filter((block) => block.notRun !== undefined);

test.each(notRun)("$place is not run ($notRun), and says why", ({ notRun: reason, language, code }) => {
  expect(reason).toMatch(/^(needs|takes|is) \w+/);
  if (language !== "sh") return;
  const { stderr } = spawnSync("bash", ["-n", "-c", code], { encoding: "utf8" });
  expect(stderr).toBe("");
});

/** What is no command and no program: pictures, grammars, the wire, parts of configurations. */
const shown = new Set(["txt", "ebnf", "http", "ini", "nginx"]);

test.each(pages)("every fence of $path has a language, and what it holds is run, or says why not", (page) => {
  const left = page.blocks.filter(({ language, notRun: reason, file }) => {
    const isUsed = runLanguages.has(language) || language in parsers || shown.has(language);
    return language === "" || (reason === undefined && file === undefined && !isUsed);
  });
  expect(left.map(({ place, language }) => `${place}: ${language}`)).toEqual([]);
});

const parsers: Readonly<Record<string, (code: string) => unknown>> = {
  json: JSON.parse,
  jsonl: (code) => code.split("\n").map((line) => JSON.parse(line)),
  yaml: parse,
};

test.each(blocks.filter(({ language }) => language in parsers))(
  "$place is $language",
  ({ language, code }) => {
    expect(() => parsers[language]?.(code)).not.toThrow();
  },
);

test.each(pages)("every comment of $path is understood", ({ remarks }) => {
  expect(remarks).toEqual([]);
});

test("a command goes on behind a backslash and inside quotes", () => {
  const code = "A=1 npm start\n\necho \\\n  'it''s\nover' \"x\"\ntrue";
  expect(commandsOf(code)).toEqual(["A=1 npm start", "echo \\\n  'it''s\nover' \"x\"", "true"]);
});
