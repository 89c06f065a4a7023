import { spawnSync } from "node:child_process";

/** Whether a command is on the PATH. */
export function hasCommand(command: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" }).status === 0;
}

/**
 * Installs a Debian package, as root.
 * @returns whether the command that it brings is there afterwards
 */
export function installDebianPackage(name: string, command: string): boolean {
  process.stderr.write(`No ${command} here: installing Debian's ${name}\n`);
  const install = `apt-get update -q && apt-get install -y -q --no-install-recommends ${name}`;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  spawnSync("sh", ["-c", install], { env, stdio: ["ignore", "ignore", "inherit"] });
  return hasCommand(command);
}
