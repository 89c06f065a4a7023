import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** Whether a command is on the PATH. */
export function hasCommand(command: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" }).status === 0;
}

/**
 * Installs a Debian package, as root; one at a time, whoever else does.
 * @returns whether the command that it brings is there afterwards
 */
export function installDebianPackage(name: string, command: string): boolean {
  process.stderr.write(`No ${command} here: installing Debian's ${name}\n`);
  const install = `command -v ${command} || { apt-get update -q && apt-get install -y -q --no-install-recommends ${name}; }`;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const lock = join(tmpdir(), "debian-install.lock");
  spawnSync("flock", [lock, "sh", "-c", install], { env, stdio: ["ignore", "ignore", "inherit"] });
  return hasCommand(command);
}

/**
 * Unpacks a package of a certain Debian release, whatever release runs here, and installs nothing: apt keeps its own
 * lists in the folder, and needs no root.
 * @param folder takes the package's files under `root/`
 * @throws {Error} where apt cannot fetch it, with what it said
 */
export function unpackDebianPackage(name: string, release: string, folder: string): void {
  process.stderr.write(`Fetching ${name} of Debian ${release}\n`);
  mkdirSync(join(folder, "lists/partial"), { recursive: true });
  mkdirSync(join(folder, "cache/archives/partial"), { recursive: true });
  const keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const source = `deb [signed-by=${keys}] http://deb.debian.org/debian ${release} main\n`;
  writeFileSync(join(folder, "sources.list"), source);
  const config = `Dir::Etc::SourceList "${folder}/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "${folder}/lists";
Dir::State::Status "/dev/null";
Dir::Cache "${folder}/cache";
APT::Sandbox::User "";
Acquire::Languages "none";
`;
  writeFileSync(join(folder, "apt.conf"), config);
  const script = `apt-get update -q && apt-get download -q ${name} && dpkg-deb -x ${name}_*.deb root`;
  const env = { ...process.env, APT_CONFIG: join(folder, "apt.conf") };
  execFileSync("sh", ["-c", script], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
}

/**
 * Takes one file out of a Debian package, without installing it and what it depends on; kept for the next run.
 * @param path the file's, such as `usr/bin/promtool`
 * @returns where it is now
 * @throws {Error} where the package cannot be had
 */
export function extractFromDebianPackage(name: string, path: string): string {
  const kept = join(tmpdir(), `debian-${name}-${basename(path)}`);
  if (existsSync(kept)) return kept;
  process.stderr.write(`Taking ${path} out of Debian's ${name}\n`);
  const directory = mkdtempSync(join(tmpdir(), `debian-${name}-`));
  // the lists of packages may be missing or old
  const download = `apt-get download -q ${name} || { apt-get update -q && apt-get download -q ${name}; }`;
  const extract = `dpkg-deb --fsys-tarfile *.deb | tar -x ./${path}`;
  const script = `set -e; { ${download}; } >&2; ${extract}; mv ${path} ${kept}`;
  const { status, stderr } = spawnSync("sh", ["-c", script], { cwd: directory, encoding: "utf8" });
  rmSync(directory, { recursive: true });
  if (status !== 0) throw new Error(`expected ${path} from Debian's package ${name}, got:\n${stderr}`);
  return kept;
}
