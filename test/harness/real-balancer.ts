import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasCommand, installDebianPackage } from "./debian-package.ts";
import { takePort } from "./sdk-port.ts";
import { waitUntil } from "./wait-until.ts";

/** The balancers whose configuration in `docs/balancers` is run as it stands, but for addresses and times. */
export const realBalancers = ["nginx", "haproxy"] as const;

export type BalancerName = (typeof realBalancers)[number];

/** A balancer's process. */
export interface RealBalancer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** What a test has otherwise than the project's configuration. */
export interface BalancerChanges {
  readonly silenceSeconds?: number;
  readonly edit?: (configuration: string) => string;
}

interface Kind {
  readonly file: string;
  readonly debianPackage: string;
  /** All lines that name nodes. */
  readonly nodeLines: RegExp;
  readonly nodeLine: (address: string, index: number) => string;
  readonly listenLine: RegExp;
  readonly listenOn: (port: number) => string;
  readonly args: (folder: string) => readonly string[];
}

const nginxDirectives = "daemon off; user root; pid balancer.pid;";

const kinds: Readonly<Record<BalancerName, Kind>> = {
  nginx: {
    file: "nginx.conf",
    debianPackage: "nginx-light",
    nodeLines: /(?: +server gateway:8080 .*\n)+/,
    nodeLine: (address) => `server ${address} fail_timeout=1s;\n`,
    listenLine: /listen 80;/,
    listenOn: (port) => `listen 127.0.0.1:${port};`,
    args: (folder) => `-p ${folder} -c balancer.conf -e stderr -g`.split(" ").concat(nginxDirectives),
  },
  haproxy: {
    file: "haproxy.cfg",
    debianPackage: "haproxy",
    nodeLines: /(?: +server node\d .*\n)+/,
    nodeLine: (address, index) => `  server node${index} ${address}\n`,
    listenLine: /bind :80\n/,
    listenOn: (port) => `bind 127.0.0.1:${port}\n`,
    args: (folder) => ["-db", "-f", join(folder, "balancer.conf")],
  },
};

/**
 * Starts a real balancer in front of nodes, with the project's own configuration for it.
 * @param changes how long a stream may be silent, in place of what the configuration says; and what else to change in it
 * @throws {Error} where the program is not there and cannot be installed, or does not start
 */
export async function startRealBalancer(
  name: BalancerName,
  nodes: readonly string[],
  { edit = (text) => text, ...silence }: BalancerChanges = {},
): Promise<RealBalancer> {
  const kind = kinds[name];
  if (!hasCommand(name) && !installDebianPackage(kind.debianPackage, name)) {
    throw new Error(`expected ${name} on the PATH, or to install Debian's ${kind.debianPackage} as root`);
  }
  const port = await takePort();
  const folder = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  writeFileSync(join(folder, "balancer.conf"), edit(configurationOf(kind, { nodes, port, ...silence })));
  const child = spawn(name, kind.args(folder), { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  await waitUntil(async () => isGone() || (await listens(port)), `${name} to listen`);
  if (isGone()) throw new Error(`${name} ended at its start:\n${output}`);
  const close = async (): Promise<void> => {
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    await exit;
    rmSync(folder, { recursive: true });
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

function configurationOf(
  { file, nodeLines, nodeLine, listenLine, listenOn }: Kind,
  { nodes, port, silenceSeconds }: { nodes: readonly string[]; port: number; silenceSeconds?: number },
): string {
  const path = fileURLToPath(new URL(`../../docs/balancers/${file}`, import.meta.url));
  const lines = nodes.map((url, index) => nodeLine(new URL(url).host, index)).join("");
  const shipped = readFileSync(path, "utf8");
  const moved = replaceIn(replaceIn(shipped, nodeLines, lines), listenLine, listenOn(port));
  return silenceSeconds === undefined ? moved : replaceIn(moved, /\b60s/g, `${silenceSeconds}s`);
}

function replaceIn(text: string, found: RegExp, by: string): string {
  const replaced = text.replace(found, by);
  if (replaced === text) throw new TypeError(`expected ${String(found)} in the configuration`);
  return replaced;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
