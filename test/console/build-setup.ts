import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Builds the pages as they are now. */
export async function setup(): Promise<void> {
  await build({ root: fileURLToPath(new URL("../../apps/console", import.meta.url)), logLevel: "warn" });
}
