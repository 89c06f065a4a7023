import { test } from "vitest";
import { runLanguages } from "./block.ts";
import { type Page, readPages } from "./page.ts";
import { Stage } from "./stage.ts";

const followed = readPages().filter((page) =>
  page.blocks.some((block) => block.notRun === undefined && runLanguages.has(block.language)),
);

async function follow(page: Page): Promise<void> {
  const stage = await Stage.open();
  try {
    for (const block of page.blocks) await stage.follow(block);
    await stage.settle();
  } finally {
    await stage.close();
  }
}

// side by side, since most of it is waiting for programs to start
test.concurrent.for(followed)("who follows $path gets what it says", async (page, { expect }) => {
  await expect(follow(page)).resolves.toBeUndefined();
});
