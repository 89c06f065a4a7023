import { expect, test } from "vitest";
import { parseExpand } from "./expand-paths.ts";

test.each<[expand: string, paths: readonly string[]]>([
  ["", []],
  [" , .,..", []],
  ["author", ["author"]],
  ["author,tags", ["author", "tags"]],
  [" au thor , tags ", ["author", "tags"]],
  ["\tauthor", ["\tauthor"]],
  [".author.,..tags..", ["author", "tags"]],
  ["author.team", ["author.team"]],
  ["author..team", ["author..team"]],
  ["author,author", ["author"]],
  ["author, a.uthor ,author.", ["author", "a.uthor"]],
  ["author,author.team,author.team.owner", ["author.team.owner"]],
  ["author.team.owner,author.team,author", ["author.team.owner"]],
  ["author.team,author.tags", ["author.team", "author.tags"]],
  ["author,authors.team", ["author", "authors.team"]],
  ["comments_via_post,comments(post)", ["comments_via_post", "comments(post)"]],
  ["a.b.c.d.e.f", ["a.b.c.d.e.f"]],
  ["a.b.c.d.e.f.g.h", ["a.b.c.d.e.f"]],
])("expand=%j is the paths %j", (expand, paths) => {
  expect(parseExpand(expand).map((steps) => steps.join("."))).toEqual(paths);
});

test("P8: an expand of many paths and steps is read in a moment", () => {
  const started = performance.now();
  for (let round = 0; round < 20; round++) parseExpand("a.".repeat(1_250));
  for (let round = 0; round < 20; round++) parseExpand(Array.from({ length: 600 }, (_, n) => `a${n}`).join());
  expect(performance.now() - started).toBeLessThan(2_000);
});
