import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that Linux gives to servers which name none, and to outgoing connections. */
const firstPort = 10_000;
const portCount = 22_000;

// processes begin at different places
let next = (process.pid * 97) % portCount;

/**
 * A free loopback port that nobody gets by chance before it is used: a gateway takes a second to start, and a server
 * of another test on its port would answer in its place.
 */
export async function takePort(): Promise<number> {
  for (;;) {
    const port = firstPort + next;
    next = (next + 1) % portCount;
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
