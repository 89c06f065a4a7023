import type { ChainableCommander, Redis } from "ioredis";
import type { ClientState, NodeHandlers, Progress } from "../backplane.ts";
import { likenessOf } from "../likeness.ts";
import type { Keys } from "./keys.ts";
import { Script } from "./script.ts";

const disownScript = new Script<"OK">("orphans.lua", "disown.lua");

/** How long a dead node's holds outlive the time in which its clients are adopted. */
const spareMs = 10_000;

/** What holds work with. */
export interface HoldsContext {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly nodeId: string;
  readonly handlers: NodeHandlers;
  /** 0 where nobody is ever adopted. */
  readonly orphanMs: number;
}

/** Redis's record of how far this node's clients are, from which they are adopted if the node dies. */
export class Holds {
  readonly #context: HoldsContext;
  readonly #key: string;
  readonly #lagging = new Set<string>();

  constructor(context: HoldsContext) {
    this.#context = context;
    this.#key = context.keys.holds(context.nodeId);
  }

  /** What is written for a client that has had all; empty where nothing is. */
  holdOf({ identity, subscriptions, version, keepsCursor }: ClientState): string {
    const isHeld = this.#context.orphanMs > 0 && version > 0 && !keepsCursor;
    return isHeld ? likenessOf(identity, subscriptions) : "";
  }

  /** Notes that a script has written that a client lags. */
  noteLag(clientId: string): void {
    this.#lagging.add(clientId);
  }

  forget(clientId: string): void {
    this.#lagging.delete(clientId);
  }

  /** Writes how far this node's clients are. */
  async record(progress: Progress, clientIds: Iterable<string>): Promise<void> {
    const { redis, keys, nodeId, orphanMs } = this.#context;
    if (orphanMs === 0) return;
    const pipeline = redis.pipeline();
    pipeline.hset(this.#key, "@", progress.position);
    pipeline.sadd(keys.nodes, nodeId);
    this.#writeLags(pipeline, progress);
    pipeline.pexpire(this.#key, orphanMs + spareMs);
    const [[error, isNew] = []] = (await pipeline.exec()) ?? [];
    if (error) throw error;
    if (isNew === 1) await this.#reclaim(clientIds);
  }

  #writeLags(pipeline: ChainableCommander, { laggards }: Progress): void {
    const { keys, handlers } = this.#context;
    for (const clientId of new Set([...this.#lagging, ...laggards.keys()])) {
      const state = handlers.describe(clientId);
      const hold = state === undefined ? "" : this.holdOf(state);
      const cursor = laggards.get(clientId);
      if (cursor === undefined) this.#lagging.delete(clientId);
      else this.#lagging.add(clientId);
      if (hold === "") continue;
      pipeline.hset(this.#key, clientId, cursor === undefined ? hold : `${hold} ${cursor}`);
      if (cursor === undefined) pipeline.hdel(keys.client(clientId), "adopted");
    }
  }

  /** Holds its clients again: somebody took this node for dead and made orphans of them, or Redis lost them. */
  async #reclaim(clientIds: Iterable<string>): Promise<void> {
    const { redis, keys, nodeId, handlers } = this.#context;
    const pipeline = redis.pipeline();
    const likenesses = new Set<string>();
    for (const clientId of clientIds) {
      const state = handlers.describe(clientId);
      const hold = state === undefined ? "" : this.holdOf(state);
      if (hold === "") continue;
      likenesses.add(hold);
      if (!this.#lagging.has(clientId)) pipeline.hset(this.#key, clientId, hold);
    }
    await pipeline.exec();
    if (likenesses.size > 0) await disownScript.run(redis, [], [keys.all, nodeId, ...likenesses]);
  }
}
