import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const file = fileURLToPath(new URL("../conformance/run.ts", import.meta.url));

test("P1: the conformance cases hold on a real PocketBase, records written through its API", async () => {
  const child = spawn(process.execPath, [file, "--pocketbase"], { stdio: ["ignore", "pipe", "inherit"] });
  const [out] = await Promise.all([text(child.stdout), once(child, "close")]);
  expect(out.split("\n").filter((line) => line.includes("FAIL"))).toEqual([]);
  // what needs custom messages or tokens of one's own is skipped by name
  expect(Number(/\n(\d+) passed, 0 failed/.exec(out)?.[1])).toBeGreaterThan(250);
}, 180_000);
