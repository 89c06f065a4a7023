import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Takes a connection over from Node's HTTP server once its last request is read to the end and the head of its last response
 * is written. Parser, request and response are let go of: an idle stream costs half without them.
 * @returns the connection, reading; nothing where it is closed already. Its errors need no listener
 */
export function takeConnection(outgoing: ServerResponse): Socket | undefined {
  const { socket } = outgoing;
  if (socket === null || socket.destroyed) return undefined;
  // the adapter's listeners hold the request that hono saw
  outgoing.removeAllListeners();
  const letGo = socket.listeners("close");
  socket.removeAllListeners();
  // the server does now what it does when a connection closes
  for (const listener of letGo) Reflect.apply(listener, socket, []);
  return socket.on("error", ignore).resume();
}

/** Whatever goes wrong, `close` follows. */
function ignore(): void {
  // nothing is lost by it
}
