import { expect, test } from "vitest";
import { settingsPages } from "./settings-tables.ts";

test.each(settingsPages())(
  "$url.pathname has the settings that the code reads; else: npm run docs",
  (page) => {
    expect(page.text).toBe(page.made);
  },
);
