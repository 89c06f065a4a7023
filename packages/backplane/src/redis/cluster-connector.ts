import { type Socket, connect as connectPlain } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { AbstractConnector, Redis, type RedisOptions } from "ioredis";
import { BackplaneError } from "../backplane-error.ts";
import type { RedisHost, RedisUrl } from "./redis-url.ts";

/** How long a node of the cluster may take to say who has the key. */
const answerMs = 3_000;

/** The wait before all are asked again. */
const retryMs = 200;

/** How to sign in at every node. */
type Login = Pick<RedisOptions, "username" | "password" | "tls">;

type Report = (type: string, error: Error) => void;

/**
 * Makes ioredis connect to the node of a Redis Cluster that has a key, as to a Redis by itself. Which node that is, it
 * asks again each time that it connects.
 * @param key what all keys of the deployment are in one slot with
 */
export function clusterConnector(
  { hosts, tls }: RedisUrl,
  { key, login }: { readonly key: string; readonly login: Login },
): NonNullable<RedisOptions["Connector"]> {
  return class ClusterConnector extends AbstractConnector {
    constructor() {
      super(answerMs);
    }

    /** A node that was demoted since it was asked. */
    override check({ role }: { readonly role?: string }): boolean {
      return role === undefined || role === "master";
    }

    override async connect(report: Report): Promise<Socket> {
      this.connecting = true;
      const owner = await this.#find(report);
      const socket = tls === undefined ? connectPlain(owner) : connectTls({ ...owner, ...tls });
      socket.once("error", (error) => (this.firstError = error));
      this.stream = socket;
      return socket;
    }

    async #find(report: Report): Promise<RedisHost> {
      for (;;) {
        for (const host of hosts) {
          const owner = await askOwner(host, key, login).catch((error: Error) => report("error", error));
          if (!this.connecting) throw new BackplaneError("the connection was closed");
          if (owner !== undefined) return owner;
        }
        await delay(retryMs);
      }
    }
  };
}

/** Asks a node of the cluster for a key: it has it, or says who does. */
async function askOwner(host: RedisHost, key: string, login: Login): Promise<RedisHost> {
  const limits = { connectTimeout: answerMs, commandTimeout: answerMs, retryStrategy: () => null };
  const redis = new Redis({ ...login, ...host, ...limits, enableReadyCheck: false, disableClientInfo: true });
  let lastError: Error | undefined;
  redis.on("error", (error) => (lastError = error));
  try {
    await redis.exists(key);
    return host;
  } catch (error) {
    const [, name, port] = /^MOVED \d+ (.*):(\d+)$/.exec(error instanceof Error ? error.message : "") ?? [];
    // the connection's own error says why a command could not be sent
    if (name === undefined) throw lastError ?? error;
    // a node that does not know its own name is meant to be called as it was
    return { host: name === "" || name === "?" ? host.host : name, port: Number(port) };
  } finally {
    redis.disconnect();
  }
}
