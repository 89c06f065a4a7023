import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP connection in front of a server, which breaks on demand in the ways in which networks break. */
export interface BreakableProxy {
  readonly port: number;
  /** Resets all connections; new ones are taken. */
  readonly cut: () => void;
  /** Cuts, and resets every new connection until {@link heal}. */
  readonly isolate: () => void;
  /** Keeps back every byte in both directions until {@link heal}; connections stay open and new ones are taken. */
  readonly hold: () => void;
  /** Lets everything through again, what was kept back first. */
  readonly heal: () => void;
  /**
   * Resets the next connection on which the client sends this text, which never reaches the server.
   * @returns when that has happened
   */
  readonly cutOnce: (text: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Forwards to a loopback port, on a free one.
 * @param target the port, or what it is at the time of each connection
 */
export async function startBreakableProxy(target: number | (() => number)): Promise<BreakableProxy> {
  const sockets = new Set<Socket>();
  let state: "open" | "held" | "isolated" = "open";
  let fatal: { readonly text: string; readonly done: () => void } | undefined;

  const forward = (from: Socket, to: Socket, isFatal: (chunk: Buffer) => boolean): void => {
    sockets.add(from);
    from.on("data", (chunk) => {
      if (isFatal(chunk)) from.resetAndDestroy();
      else to.write(chunk);
    });
    from.on("error", () => from.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
    if (state === "held") from.pause();
  };
  const isFatal = (chunk: Buffer): boolean => {
    if (fatal === undefined || !chunk.includes(fatal.text)) return false;
    fatal.done();
    fatal = undefined;
    return true;
  };
  const listener = createServer((client) => {
    if (state === "isolated") {
      client.resetAndDestroy();
      return;
    }
    const server = connect(typeof target === "number" ? target : target(), "127.0.0.1");
    forward(client, server, isFatal);
    forward(server, client, () => false);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut,
    isolate: () => {
      state = "isolated";
      cut();
    },
    hold: () => {
      state = "held";
      for (const socket of sockets) socket.pause();
    },
    heal: () => {
      state = "open";
      for (const socket of sockets) socket.resume();
    },
    cutOnce: (text) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      fatal = { text, done: resolve };
      return promise;
    },
    close: async () => {
      cut();
      listener.close();
      await once(listener, "close");
    },
  };
}
