import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { commandsOf } from "./block.ts";
import { readPages } from "./page.ts";
import { Stage } from "./stage.ts";

const pages = readPages();
const blocks = pages.flatMap((page) => page.blocks);
const runs = ["sh", "redis", "js", "ts"];

const followed = pages.filter((page) =>
  page.blocks.some((block) => block.notRun === undefined && runs.includes(block.language)),
);

test.concurrent.each(followed)("who follows $path gets what it says", async (page) => {
  const stage = await Stage.open();
  try {
    for (const block of page.blocks) await stage.follow(block);
    await stage.settle();
  } finally {
    await stage.close();
  }
});

const notRun = blocks.filter((block) => block.notRun !== undefined);

test.each(notRun)("$place is not run ($notRun), and says why", ({ notRun: reason, language, code }) => {
  expect(reason).toMatch(/^(needs|takes|is) \w+/);
  if (language !== "sh") return;
  const { stderr } = spawnSync("bash", ["-n", "-c", code], { encoding: "utf8" });
  expect(stderr).toBe("");
});

test.each(blocks.filter(({ language }) => language === "json" || language === "yaml"))(
  "$place is $language",
  ({ language, code }) => {
    if (language === "json") JSON.parse(code);
    else for (const document of parseAllDocuments(code)) expect(document.errors).toEqual([]);
  },
);

test("a command goes on behind a backslash and inside quotes", () => {
  const code = "A=1 npm start\n\necho \\\n  'it''s\nover' \"x\"\ntrue";
  expect(commandsOf(code)).toEqual(["A=1 npm start", "echo \\\n  'it''s\nover' \"x\"", "true"]);
});
