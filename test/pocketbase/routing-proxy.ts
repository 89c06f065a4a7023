import { once } from "node:events";
import { createServer } from "node:http";
import { forward } from "../harness/round-robin-proxy.ts";

/** What stands before PocketBase and the gateways in docs/migrate.md. */
export interface RoutingProxy {
  readonly url: string;
  readonly close: () => void;
}

const realtimePaths = /^\/api\/(realtime|oauth2-redirect)(\?|$)/;

/** Starts a proxy that sends realtime to one gateway after the other, and all the rest to PocketBase. */
export async function startRoutingProxy(
  pocketBase: string,
  gateways: readonly string[],
): Promise<RoutingProxy> {
  let next = 0;
  const server = createServer((incoming, outgoing) => {
    const isRealtime = realtimePaths.test(incoming.url ?? "");
    if (isRealtime) next += 1;
    const gateway = gateways[next % gateways.length] ?? "";
    forward(incoming, outgoing, isRealtime ? gateway : pocketBase);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}
