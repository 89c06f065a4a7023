import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Page, readPages, root } from "./page.ts";
import { settingsPages } from "./settings-tables.ts";

const pages = readPages();
const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(`${root}package.json`, "utf8"),
);

/** The links of a page that lead nowhere. */
function brokenLinks({ path, links, anchors }: Page): readonly string[] {
  const bad = links.filter(({ text }) => {
    const [file = "", anchor] = text.split("#");
    const target = file === "" ? path : join(path, "..", decodeURIComponent(file));
    if (!existsSync(join(root, target))) return true;
    if (anchor === undefined) return false;
    const there = file === "" ? anchors : pages.find((page) => page.path === target)?.anchors;
    return there?.has(anchor) !== true;
  });
  return bad.map(({ place, text }) => `${place}: ${text}`);
}

test.each(pages)("every link and anchor of $path leads somewhere", (page) => {
  expect(brokenLinks(page)).toEqual([]);
});

test.each(pages)("every script that $path names is there", ({ codes, blocks }) => {
  const texts = [
    ...codes,
    ...blocks.map(({ place, code, notRun }) => ({ place, text: `${notRun}\n${code}` })),
  ];
  const named = texts.flatMap(({ place, text }) =>
    Array.from(text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g), ([, name = ""]) => ({ place, name })),
  );
  expect(named.filter(({ name }) => !(name in scripts))).toEqual([]);
});

/** What names something under one of the project's folders. */
const pathLike = /(?<![\w./~-])(?:apps|docs|packages|k8s|test)\/[\w./*-]*[\w*](?![\w…{])/g;

test.each(pages)("every file that $path names is there", ({ path, codes, blocks }) => {
  const shell = blocks.filter(({ language }) => language === "sh");
  const texts = [...codes, ...shell.map(({ place, code }) => ({ place, text: code }))];
  const named = texts.flatMap(({ place, text }) =>
    Array.from(text.matchAll(pathLike), ([name]) => ({ place, name })),
  );
  const missing = named.filter(
    ({ name }) => globSync(name, { cwd: root }).length === 0 && !existsSync(join(root, path, "..", name)),
  );
  expect(missing).toEqual([]);
});

/** Words of the same look that are no settings: the wire's, PocketBase's hook's and Node's own. */
const otherWords = ["PB_CONNECT", "SLUICE_SECRET", "SLUICE_TOKEN", "SLUICE_URL", "NODE_EXTRA_CA_CERTS"];
const settings = new Set([...settingsPages().flatMap(({ names }) => names), ...otherWords]);

test.each(pages)("every setting that $path names is read by something", ({ codes }) => {
  const named = codes.flatMap(({ place, text }) =>
    Array.from(text.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g), ([name]) => ({ place, name })),
  );
  expect(named.filter(({ name }) => !settings.has(name))).toEqual([]);
});

test("docs/README.md leads to every page", () => {
  const index = pages.find(({ path }) => path === "docs/README.md");
  const linked = index?.links.map(({ text }) => join("docs", text.split("#")[0] ?? ""));
  const missing = pages.filter(({ path }) => path !== index?.path && linked?.includes(path) !== true);
  expect(missing.map(({ path }) => path)).toEqual([]);
});
