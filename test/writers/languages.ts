import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasCommand } from "../harness/debian-package.ts";
import { type Command, run } from "./command.ts";

/** Programs that can be run now, with what they need in their environment; or what is not on this machine. */
export type Prepared =
  | { readonly commands: readonly Command[]; readonly env?: Readonly<Record<string, string>> }
  | { readonly missing: string };

/** A language of `docs/writers/README.md`. */
export interface Language {
  /** Its heading there. */
  readonly name: string;
  /** What its blocks begin with. */
  readonly fence: string;
  /**
   * Makes its programs, in a folder of their own, and fetches the client library where that can be had.
   * @throws {Error} where a program cannot be compiled
   */
  readonly prepare: (folder: string, programs: readonly string[]) => Promise<Prepared>;
}

export const languages: readonly Language[] = [
  { name: "Shell", fence: "sh", prepare: prepareShell },
  { name: "Python", fence: "python", prepare: preparePython },
  { name: "Go", fence: "go", prepare: prepareGo },
  { name: "PHP", fence: "php", prepare: preparePhp },
  { name: "Java", fence: "java", prepare: prepareJava },
  { name: "Ruby", fence: "ruby", prepare: prepareRuby },
];

/** Client libraries, kept for the next run. */
const cache = fileURLToPath(new URL("../../node_modules/.cache/writers/", import.meta.url));

const redisPy = "redis==6.4.0";

async function prepareShell(folder: string, programs: readonly string[]): Promise<Prepared> {
  const missing = lackingCommand("redis-cli", "curl");
  if (missing !== undefined) return { missing };
  const { output } = await run(["redis-cli", "--version"], folder);
  if (!/ (?:[7-9]|\d\d)\./.test(output)) return { missing: `redis-cli 7 or newer: it is ${output.trim()}` };
  return { commands: writeFiles(folder, programs, "sh").map((file) => ["sh", "-e", file]) };
}

async function preparePython(folder: string, programs: readonly string[]): Promise<Prepared> {
  const missing = lackingCommand("python3");
  if (missing !== undefined) return { missing };
  const packages = join(cache, redisPy);
  const pip = ["-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "10", "--target", packages];
  const lack = await fetchOnce(redisPy, packages, ["python3", ...pip, redisPy]);
  if (lack !== undefined) return { missing: lack };
  const commands = writeFiles(folder, programs, "py").map((file): Command => ["python3", file]);
  return { commands, env: { PYTHONPATH: packages } };
}

async function prepareGo(folder: string, programs: readonly string[]): Promise<Prepared> {
  const missing = lackingCommand("go");
  if (missing !== undefined) return { missing };
  for (const file of ["go.mod", "go.sum"]) copyFileSync(ownFile(`go/${file}`), join(folder, file));
  for (const [index, program] of programs.entries()) {
    mkdirSync(join(folder, `program${index}`));
    writeFileSync(join(folder, `program${index}/main.go`), program);
  }
  const env = { GOTOOLCHAIN: "local" };
  const fetched = await run(["go", "mod", "download"], folder, env);
  if (!fetched.succeeded) return { missing: lackOf("go-redis", fetched.output) };
  const built = await run(["go", "build", "-o", "bin/", "./..."], folder, env);
  if (!built.succeeded) throw new Error(`the Go programs cannot be compiled:\n${built.output}`);
  return { commands: programs.map((_, index) => [join(folder, `bin/program${index}`)]) };
}

async function preparePhp(folder: string, programs: readonly string[]): Promise<Prepared> {
  const missing = lackingCommand("php");
  if (missing !== undefined) return { missing };
  const { output } = await run(["php", "-m"], folder);
  const lacking = ["redis", "curl"].filter((extension) => !output.split("\n").includes(extension));
  if (lacking.length > 0) return { missing: `PHP's extensions ${lacking.join(", ")}` };
  return { commands: writeFiles(folder, programs, "php").map((file) => ["php", file]) };
}

async function prepareJava(folder: string, programs: readonly string[]): Promise<Prepared> {
  // Maven brings no compiler along, and `java FILE.java` needs one
  const missing = lackingCommand("javac", "mvn");
  if (missing !== undefined) return { missing };
  const jars = join(cache, "jedis");
  const maven = ["-q", "-B", "-f", ownFile("java/pom.xml"), "dependency:copy-dependencies"];
  const lack = await fetchOnce("Jedis", jars, ["mvn", ...maven, `-DoutputDirectory=${jars}`]);
  if (lack !== undefined) return { missing: lack };
  const files = writeFiles(folder, programs, "java");
  return { commands: files.map((file) => ["java", "-cp", join(jars, "*"), file]) };
}

async function prepareRuby(folder: string, programs: readonly string[]): Promise<Prepared> {
  const missing = lackingCommand("ruby");
  if (missing !== undefined) return { missing };
  const { succeeded } = await run(["ruby", "-e", 'require "redis"'], folder);
  if (!succeeded) return { missing: "the gem redis" };
  return { commands: writeFiles(folder, programs, "rb").map((file) => ["ruby", file]) };
}

function ownFile(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function lackingCommand(...commands: readonly string[]): string | undefined {
  const lacking = commands.filter((command) => !hasCommand(command));
  return lacking.length === 0 ? undefined : `${lacking.join(", ")} on the PATH`;
}

function writeFiles(folder: string, programs: readonly string[], ending: string): readonly string[] {
  return programs.map((program, index) => {
    const file = join(folder, `program${index}.${ending}`);
    writeFileSync(file, program);
    return file;
  });
}

/**
 * Fetches a client library, unless it was fetched before.
 * @param kept the folder into which the command puts it
 * @returns what is missing, where it cannot be had
 */
async function fetchOnce(library: string, kept: string, command: Command): Promise<string | undefined> {
  const mark = join(kept, ".fetched");
  if (existsSync(mark)) return undefined;
  const { succeeded, output } = await run(command, ".");
  if (!succeeded) return lackOf(library, output);
  writeFileSync(mark, "");
  return undefined;
}

function lackOf(library: string, output: string): string {
  const lines = output.split("\n").filter((line) => /\w{3}/.test(line));
  return `${library}, which cannot be fetched: ${lines.find((line) => /error/i.test(line)) ?? lines.at(-1)}`;
}
