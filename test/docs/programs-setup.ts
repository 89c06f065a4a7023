import { hasCommand, installDebianPackage } from "../harness/debian-package.ts";

/** What the pages have a reader use, and the Debian package that brings it. */
const programs = [
  ["curl", "curl"],
  ["nginx", "nginx-light"],
  ["openssl", "openssl"],
  ["redis-cli", "redis-tools"],
  ["redis-server", "redis-server"],
] as const;

/**
 * Sees that there is what pages use, once and before pages are followed side by side.
 * @throws {Error} where a program is missing and cannot be installed
 */
export function setup(): void {
  for (const [command, name] of programs) {
    if (hasCommand(command) || installDebianPackage(name, command)) continue;
    throw new Error(`expected ${command}, which the documents use, got none: install it`);
  }
}
