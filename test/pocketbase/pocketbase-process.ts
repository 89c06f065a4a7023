import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../harness/free-port.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { buildPocketBase } from "./pocketbase-binary.ts";

/** The superuser of every PocketBase of the tests. */
export const superuser = { email: "root@example.com", password: "a password of the tests" };

/** What a test's PocketBase begins with. */
export interface PocketBaseOptions {
  /** Hooks in JavaScript, as `*.pb.js` files. */
  readonly hooksDir?: string;
  /** What hooks may read beside the rest of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A real PocketBase in a process of its own, with data of its own. */
export interface PocketBaseProcess {
  readonly url: string;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Ends the process at once; the data stays. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port, over the same data. */
  readonly start: () => Promise<void>;
  /** Ends it, and removes its data. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a PocketBase with one superuser on a free loopback port and waits until it answers.
 * @throws {Error} where it cannot be built or ends at its start, with what it printed
 */
export async function startPocketBase(options: PocketBaseOptions = {}): Promise<PocketBaseProcess> {
  const binary = buildPocketBase();
  const folder = mkdtempSync(join(tmpdir(), "sluice-pocketbase-data-"));
  const flags = [
    "--dev=false",
    "--dir",
    join(folder, "pb_data"),
    "--hooksDir",
    options.hooksDir ?? join(folder, "pb_hooks"),
  ];
  const created = spawnSync(binary, ["superuser", "upsert", superuser.email, superuser.password, ...flags], {
    encoding: "utf8",
  });
  if (created.status !== 0)
    throw new Error(`no superuser could be made:\n${created.stdout}${created.stderr}`);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let output = "";
  let child: ChildProcess | undefined;
  const isGone = (): boolean => child === undefined || child.exitCode !== null || child.signalCode !== null;
  const start = async (): Promise<void> => {
    const started = spawn(binary, ["serve", "--http", `127.0.0.1:${port}`, ...flags], {
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    const collect = (chunk: Buffer): void => void (output += chunk.toString());
    started.stdout.on("data", collect);
    started.stderr.on("data", collect);
    await waitUntil(async () => isGone() || (await isHealthy(url)), "PocketBase to answer", 20_000);
    if (isGone()) throw new Error(`PocketBase ended at its start:\n${output}`);
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || isGone()) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  };
  const close = async (): Promise<void> => {
    await kill();
    rmSync(folder, { recursive: true });
  };
  await start();
  return { url, output: () => output, kill, start, close };
}

function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/api/health`).then(
    (response) => response.ok,
    () => false,
  );
}
