import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Figure } from "./figure.ts";

const file = fileURLToPath(new URL("hub.ts", import.meta.url));

/**
 * Runs the hub's bench in a process of its own.
 * @throws {TypeError} where it fails
 */
export async function measureHub(): Promise<readonly Figure[]> {
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (child.exitCode !== 0) throw new TypeError("expected the hub's bench to come to its end");
  return output
    .trim()
    .split("\n")
    .map((line): Figure => JSON.parse(line));
}
