import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP connection that is slow at random, in front of a server. */
export interface DelayingProxy {
  readonly port: number;
  readonly close: () => void;
}

/**
 * Forwards to a loopback port; every piece of data waits at random up to `maxDelayMs`, its order kept.
 * @param random gives numbers from 0 to 1
 */
export async function startDelayingProxy(
  targetPort: number,
  { maxDelayMs, random }: { maxDelayMs: number; random: () => number },
): Promise<DelayingProxy> {
  const sockets = new Set<Socket>();
  const forward = (from: Socket, to: Socket): void => {
    const waiting: Buffer[] = [];
    from.on("data", (chunk) => {
      waiting.push(chunk);
      // timers may fire in another order than they were set: each sends what has waited longest
      setTimeout(() => to.write(waiting.shift() ?? ""), random() * maxDelayMs);
    });
    from.on("close", () => to.destroy());
    from.on("error", () => to.destroy());
    sockets.add(from);
  };
  const server = createServer((socket) => {
    const target = connect(targetPort, "127.0.0.1");
    forward(socket, target);
    forward(target, socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: typeof address === "object" && address !== null ? address.port : 0, close };
}
