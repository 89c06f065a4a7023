import { writeFileSync } from "node:fs";
import { settingsPages } from "./settings-tables.ts";

for (const { url, made } of settingsPages()) writeFileSync(url, made);
