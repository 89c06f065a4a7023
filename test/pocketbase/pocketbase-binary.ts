import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasCommand } from "../harness/debian-package.ts";

const source = fileURLToPath(new URL("server/", import.meta.url));

/**
 * Builds PocketBase from its Go module, the version that `server/go.mod` names, and keeps it for the next run.
 * @returns where the binary is, outside the checkout
 * @throws {Error} where Go is missing or the module cannot be had, saying what to do
 */
export function buildPocketBase(): string {
  const kept = join(tmpdir(), `sluice-pocketbase-${fingerprint()}`);
  if (existsSync(kept)) return kept;
  if (!hasCommand("go")) {
    throw new Error(
      "These tests run a real PocketBase, built from its Go module: expected the command go (1.26 or newer) on the PATH, found none.",
    );
  }
  process.stderr.write("Building PocketBase from its Go module, once\n");
  const folder = mkdtempSync(join(tmpdir(), "sluice-pocketbase-build-"));
  try {
    cpSync(source, folder, { recursive: true });
    const env = { ...process.env, CGO_ENABLED: "0" };
    const { status, stderr } = spawnSync("go", ["build", "-o", "pocketbase", "."], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    if (status !== 0) {
      throw new Error(
        `PocketBase could not be built: expected a Go of 1.26 or newer and a module proxy (GOPROXY) that has github.com/pocketbase/pocketbase, got:\n${stderr.slice(-2_000)}`,
      );
    }
    // in one step: another run may be building it too
    renameSync(join(folder, "pocketbase"), kept);
    return kept;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Another source or another version is another binary. */
function fingerprint(): string {
  const hash = createHash("sha256");
  for (const file of ["main.go", "go.mod", "go.sum"]) hash.update(readFileSync(join(source, file)));
  return hash.digest("hex").slice(0, 16);
}
