import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));

const images = ["redis:8-alpine", "valkey/valkey:8-alpine", "nginx:1.29-alpine", "node:24-bookworm-slim"];

const pullMs = 180_000;

function succeeds(command: string, args: readonly string[], timeout = 20_000): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout }).status === 0;
}

/**
 * What is missing for tests with containers, in words; images that are not there are pulled.
 * @returns nothing where all is there
 */
export function missingOfDocker(): string | undefined {
  if (!succeeds("docker", ["info"])) return "no Docker that runs (docker info)";
  if (composeCommand() === undefined) return "neither docker compose nor docker-compose";
  const missing = images.filter(
    (image) =>
      !succeeds("docker", ["image", "inspect", image]) && !succeeds("docker", ["pull", image], pullMs),
  );
  return missing.length === 0 ? undefined : `no image ${missing.join(", ")}, and none to pull`;
}

function composeCommand(): readonly string[] | undefined {
  if (succeeds("docker", ["compose", "version"])) return ["docker", "compose"];
  return succeeds("docker-compose", ["version"]) ? ["docker-compose"] : undefined;
}

/**
 * Runs a command at the top of the repository.
 * @returns what it printed
 * @throws where it does not exit with 0, with what it printed on standard error
 */
async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const options = { cwd: root, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)(command, args, options);
  return stdout.trim();
}

/** Runs docker. */
export function docker(...args: readonly string[]): Promise<string> {
  return run("docker", args);
}

/** Runs compose, of whichever generation is there, on the compose file at the top. */
export function compose(
  project: string,
  env: NodeJS.ProcessEnv,
  ...args: readonly string[]
): Promise<string> {
  const [command = "docker-compose", ...first] = composeCommand() ?? [];
  return run(command, [...first, "-p", project, ...args], env);
}
