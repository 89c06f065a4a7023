import { startGateway, type GatewayEnvironment } from "../harness/gateway-process.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { post } from "./post.ts";

/** A server under load. */
export interface Server {
  readonly host: string;
  readonly port: number;
  /** Its process, where it runs on this machine and is known. */
  readonly pid?: number;
  /** The token of one of its clients. */
  readonly tokenOf: (index: number) => Promise<string | undefined>;
  /** Publishes all events in one turn of its event loop, where it has a door for that. */
  readonly publish?: (events: readonly unknown[]) => Promise<void>;
}

/** A gateway of this checkout, in a process of its own. */
export interface OwnServer extends Server {
  readonly pid: number;
  readonly url: string;
  readonly publish: (events: readonly unknown[]) => Promise<void>;
  /** What it has printed so far. */
  readonly output: () => string;
}

/** Starts a gateway on the embedded backplane, and stops it behind the work, however that ends. */
export async function withGateway<T>(
  env: GatewayEnvironment,
  work: (server: OwnServer) => Promise<T>,
): Promise<T> {
  const gateway = await startGateway({ LOG_LEVEL: "error", IDLE_SECONDS: "0", ...env });
  const { hostname, port } = new URL(gateway.url);
  const place = { host: hostname, port: Number(port) };
  const superuser = await signSuperuserToken();
  try {
    return await work({
      ...place,
      pid: gateway.process.pid ?? 0,
      url: gateway.url,
      output: gateway.output,
      tokenOf: (index) => signToken(`user${String(index).padStart(11, "0")}`),
      publish: (events) => publish(place, events, superuser),
    });
  } finally {
    await gateway.kill();
  }
}

/**
 * Publishes through a gateway's HTTP door.
 * @throws {TypeError} where it refuses
 */
export async function publish(
  place: { readonly host: string; readonly port: number },
  events: readonly unknown[],
  token: string | undefined,
): Promise<void> {
  const status = await post(place, { path: "/api/realtime/publish", body: events, token });
  if (status !== 200) throw new TypeError(`expected the publish door to answer 200, got ${status}`);
}
