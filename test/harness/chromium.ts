import { spawnSync } from "node:child_process";
import { type Browser, chromium } from "playwright-core";
import { hasCommand, installDebianPackage } from "./debian-package.ts";

/**
 * Starts a real Chromium without a window: the one on the PATH, else Debian's, which it installs.
 * @throws {Error} where there is none and none can be had, saying what to do
 */
export function launchChromium(): Promise<Browser> {
  // without a font nothing has a width
  if (!hasCommand("chromium") && !installDebianPackage("chromium fonts-dejavu-core", "chromium")) {
    throw new Error(
      "The console's tests need Chromium, and none of these worked: chromium on the PATH, apt-get install chromium (as root). Install Chromium.",
    );
  }
  const { stdout } = spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" });
  return chromium.launch({ executablePath: stdout.trim() });
}
