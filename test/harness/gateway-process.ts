import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";
import { waitUntil } from "./wait-until.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The key of every test gateway that is not told another; `tokens.ts` signs with it. */
export const testSecret = "a secret of the tests, long enough for HS256";

/** As `npm start` has them: a small young generation, so that what requests leave behind goes soon; an old one that is seldom collected. */
const nodeFlags = ["--max-semi-space-size=2", "--heap-growing-percent=200"];

/** The ports on which gateways of this process's tests listen now. */
export const gatewayPorts = new Set<string>();

/** One gateway in a process of its own. */
export interface GatewayProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it has logged so far. */
  readonly output: () => string;
  /** SIGTERM; returns its exit code when it has left. */
  readonly stop: () => Promise<number | null>;
  /** SIGKILL; returns when the process is gone. */
  readonly kill: () => Promise<void>;
}

/** Settings by their environment names; what is not set is the gateway's default. */
export type GatewayEnvironment = Readonly<Record<string, string>>;

/**
 * Starts a gateway on a free loopback port and waits until it is ready.
 * @param moreFlags further flags of Node
 * @throws {Error} where it exits instead, with what it printed
 */
export async function startGateway(
  env: GatewayEnvironment = {},
  moreFlags: readonly string[] = [],
): Promise<GatewayProcess> {
  const port = env["PORT"] ?? String(await freePort());
  const child = spawn(process.execPath, [...nodeFlags, ...moreFlags, "apps/gateway/src/main.ts"], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      HOST: "127.0.0.1",
      AUTH_SECRET: testSecret,
      DRAIN_SECONDS: "0",
      // a test that has all its streams on one node keeps them
      SHED_SECONDS: "0",
      ...env,
      PORT: port,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  gatewayPorts.add(port);
  child.once("exit", () => gatewayPorts.delete(port));
  let output = "";
  const collect = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const url = `http://127.0.0.1:${port}`;
  await waitUntil(async () => isGone() || (await isReady(url)), "a gateway to be ready", 20_000);
  if (isGone()) throw new Error(`the gateway ended at its start:\n${output}`);
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<number | null> => {
    if (!isGone()) {
      const exit = once(child, "exit");
      child.kill(signal);
      await exit;
    }
    return child.exitCode;
  };
  return {
    url,
    process: child,
    output: () => output,
    stop: () => end("SIGTERM"),
    kill: async () => void (await end("SIGKILL")),
  };
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    (response) => response.ok,
    () => false,
  );
}

/** Starts several gateways at once, all with the same settings. */
export function startGateways(
  count: number,
  env: GatewayEnvironment = {},
): Promise<readonly GatewayProcess[]> {
  return Promise.all(Array.from({ length: count }, () => startGateway(env)));
}
