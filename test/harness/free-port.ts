import { once } from "node:events";
import { createServer } from "node:net";
import { randomInt } from "node:crypto";

/** Below the ports that systems give to outgoing connections: one of those could take a port before its server does. */
const [firstPort, portsEnd] = [20_000, 32_000];

/** A loopback TCP port that nothing listens on now, and that hardly anybody else is given meanwhile. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(firstPort, portsEnd);
    if (await isFree(port)) return port;
  }
  throw new RangeError(`expected a free port from ${firstPort} to ${portsEnd}, found none in 100 attempts`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
