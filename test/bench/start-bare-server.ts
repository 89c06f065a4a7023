import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Server } from "./server.ts";

const file = fileURLToPath(new URL("bare-server.ts", import.meta.url));

/** The bare server in a process of its own. */
export interface BareServer extends Server {
  readonly pid: number;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Writes bytes to every stream, all in one turn of its event loop. */
  readonly write: (bytes: Uint8Array) => void;
  readonly stop: () => Promise<void>;
}

/** Starts the bare server on a free loopback port. */
export async function startBareServer(): Promise<BareServer> {
  const child = fork(file, { execArgv: ["--inspect-port=0"], silent: true });
  let printed = "";
  child.stderr?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const [port]: unknown[] = await once(child, "message");
  if (typeof port !== "number" || child.pid === undefined) throw new TypeError("expected a port");
  return {
    host: "127.0.0.1",
    port,
    pid: child.pid,
    output: () => printed,
    tokenOf: () => Promise.resolve(undefined),
    write: (bytes) => void child.send(Buffer.from(bytes).toString("base64")),
    stop: async () => {
      const exit = once(child, "exit");
      child.disconnect();
      await exit;
    },
  };
}
