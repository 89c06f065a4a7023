import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { type BreakableProxy, startBreakableProxy } from "../harness/breakable-proxy.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { placeAt, placeOf } from "./cursor.ts";
import type { Journal, LogLoss } from "./journal.ts";

type RedisServer = Awaited<ReturnType<typeof startRedisServer>> & { readonly folder: string };

/** What survives a killed process: every command is in the file before it is answered. */
const durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--repl-diskless-sync-delay", "0"];

/** Redis as the nodes and the writers see it: one address each, behind which there is now one process, now another. */
export class RedisStage {
  /** Between the nodes and Redis. */
  readonly nodeLink: BreakableProxy;
  /** Where the writers connect. */
  readonly writerLink: BreakableProxy;
  readonly #journal: Journal;
  readonly #folder: string;
  #server: RedisServer;

  private constructor(
    links: readonly [BreakableProxy, BreakableProxy],
    { journal, folder, server }: { journal: Journal; folder: string; server: RedisServer },
  ) {
    [this.nodeLink, this.writerLink] = links;
    this.#journal = journal;
    this.#folder = folder;
    this.#server = server;
  }

  static async start(journal: Journal): Promise<RedisStage> {
    const folder = await mkdtemp(join(tmpdir(), "sluice-chaos-"));
    const server = await startIn(await mkdtemp(join(folder, "redis-")));
    const portNow = (): number => portOf(stage.#server);
    const links = [await startBreakableProxy(portNow), await startBreakableProxy(portNow)] as const;
    const stage = new RedisStage(links, { journal, folder, server });
    return stage;
  }

  get nodeUrl(): string {
    return `redis://127.0.0.1:${this.nodeLink.port}`;
  }

  get writerUrl(): string {
    return `redis://127.0.0.1:${this.writerLink.port}`;
  }

  /** Works with a connection of its own to the Redis of now; tries again for as long as there is none. */
  async ask<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    for (;;) {
      const redis = new Redis(this.#server.url, { retryStrategy: () => null, lazyConnect: true });
      redis.on("error", () => undefined);
      try {
        await redis.connect();
        return await work(redis);
      } catch {
        await delay(100);
      } finally {
        redis.disconnect();
      }
    }
  }

  async freeze(forMs: number): Promise<void> {
    await this.#away(async () => {
      this.#server.process.kill("SIGSTOP");
      await delay(forMs);
      this.#server.process.kill("SIGCONT");
    });
  }

  /** Holds or cuts everything between the nodes and Redis; writers do not notice. */
  async breakLink(how: "hold" | "isolate", forMs: number): Promise<void> {
    await this.#away(async () => {
      this.nodeLink[how]();
      await delay(forMs);
      this.nodeLink.heal();
    });
  }

  async killConnections(type: "normal" | "pubsub"): Promise<void> {
    await this.ask((redis) => redis.call("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes"));
  }

  /** Kills the process, and starts one with the same data. */
  async restart(awayMs: number): Promise<void> {
    await this.#away(async () => {
      await this.#server.close();
      await delay(awayMs);
      this.#server = await startIn(this.#server.folder);
    });
  }

  /** Kills the process, and starts one without any data. */
  async restartEmpty(awayMs: number): Promise<void> {
    await this.#losing("all", () =>
      this.#away(async () => {
        await this.#server.close();
        const below = placeAt(Date.now() + 1);
        await delay(awayMs);
        this.#server = await startIn(await this.#newFolder());
        return { above: 0, below };
      }),
    );
  }

  async flush(): Promise<void> {
    await this.#losing("all", async () => {
      const replies = await this.ask((redis) =>
        redis.multi().xrevrange("rt:log", "+", "-", "COUNT", 1).flushall().exec(),
      );
      return { above: 0, below: firstPlaceIn(replies?.[0]?.[1]) + 1 };
    });
  }

  /** Leaves only the newest entries in the log. */
  async trim(entries: number): Promise<void> {
    await this.#losing("trimmed", async () => {
      const replies = await this.ask((redis) =>
        redis.multi().xtrim("rt:log", "MAXLEN", entries).xrange("rt:log", "-", "+", "COUNT", 1).exec(),
      );
      return { above: 0, below: firstPlaceIn(replies?.[1]?.[1]) };
    });
  }

  /** Promotes a replica to which what was written last never came. */
  async loseTail(tailMs: number): Promise<void> {
    const primary = this.#server;
    const replication = await startBreakableProxy(portOf(primary));
    const replicaOf = ["--replicaof", `127.0.0.1 ${replication.port}`];
    const replica = await startIn(await this.#newFolder(), replicaOf);
    const commands = new Redis(replica.url);
    await waitUntil(
      async () => (await commands.info("replication")).includes("master_link_status:up"),
      "a replica to be in step",
      20_000,
    );
    replication.hold();
    await delay(tailMs);
    await this.#losing("tail", () =>
      this.#away(async () => {
        await primary.close();
        const below = placeAt(Date.now() + 1);
        await commands.call("REPLICAOF", "NO", "ONE");
        const above = firstPlaceIn(await commands.xrevrange("rt:log", "+", "-", "COUNT", 1));
        this.#server = replica;
        return { above, below };
      }),
    );
    commands.disconnect();
    await replication.close();
  }

  async close(): Promise<void> {
    this.#server.process.kill("SIGCONT");
    await this.#server.close();
    await Promise.all([this.nodeLink.close(), this.writerLink.close()]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #newFolder(): Promise<string> {
    return mkdtemp(join(this.#folder, "redis-"));
  }

  async #away<T>(work: () => Promise<T>): Promise<T> {
    const fromMs = Date.now();
    const done = await work();
    this.#journal.standstills.push({ fromMs, toMs: Date.now() });
    return done;
  }

  async #losing(kind: LogLoss["kind"], work: () => Promise<Pick<LogLoss, "above" | "below">>): Promise<void> {
    const fromMs = Date.now();
    const lost = await work();
    this.#journal.losses.push({ kind, ...lost, fromMs, toMs: Date.now() });
  }
}

async function startIn(folder: string, more: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedisServer(undefined, ["--dir", folder, ...durable, ...more]);
  return { ...server, folder };
}

function portOf({ url }: RedisServer): number {
  return Number(new URL(url).port);
}

/** The place of the first entry in a reply of entries; in front of all where there is none. */
function firstPlaceIn(reply: unknown): number {
  const [first]: unknown[] = Array.isArray(reply) ? reply : [];
  const [cursor]: unknown[] = Array.isArray(first) ? first : [];
  return placeOf(String(cursor)) ?? 0;
}
