import { spawnSync } from "node:child_process";
import { extractFromDebianPackage, hasCommand } from "./debian-package.ts";

let command: string | undefined;

/**
 * Runs Prometheus's own checker, from the PATH or from Debian's package.
 * @returns its exit code, and what it printed
 */
export function promtool(
  args: readonly string[],
  { input = "", cwd }: { readonly input?: string; readonly cwd?: string } = {},
): { readonly status: number | null; readonly output: string } {
  command ??= hasCommand("promtool")
    ? "promtool"
    : extractFromDebianPackage("prometheus", "usr/bin/promtool");
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, cwd, encoding: "utf8" });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}
