import type { ChainableCommander } from "ioredis";
import type { ClientState, Progress } from "../backplane.ts";
import { likenessOf } from "../likeness.ts";
import type { NodeContext } from "./node-context.ts";
import { Script } from "./script.ts";

const disownScript = new Script<"OK">("orphans.lua", "disown.lua");

/** How long a dead node's holds outlive the time in which its clients are adopted. */
const spareMs = 10_000;

/** Redis's record of how far this node's clients are, from which they are adopted if the node dies. */
export class Holds {
  readonly #context: NodeContext;
  readonly #key: string;
  /** Those for whom something else is written than that they have had all. */
  readonly #changed = new Set<string>();
  /** Whether somebody took this node for dead, or Redis lost its holds, until they are all there again. */
  #mustReclaim = false;

  constructor(context: NodeContext) {
    this.#context = context;
    this.#key = context.keys.holds(context.nodeId);
  }

  /** What is written for a client that has had all; empty where nothing is. */
  holdOf(state: ClientState | undefined): string {
    if (state === undefined || state.version === 0 || state.keepsCursor) return "";
    return this.#context.orphanMs > 0 ? likenessOf(state.identity, state.subscriptions) : "";
  }

  /** Notes that a client has adopted an orphan, or is no longer like those that it was like: its hold is written anew. */
  noteChange(clientId: string): void {
    this.#changed.add(clientId);
  }

  forget(clientId: string): void {
    this.#changed.delete(clientId);
  }

  /** Writes how far this node's clients are. */
  async record({ position, laggards }: Progress, clientIds: Iterable<string>): Promise<void> {
    const { redis, keys, nodeId, orphanMs } = this.#context;
    if (orphanMs === 0) return;
    const changed = new Set([...this.#changed, ...laggards.keys()]);
    // what changes while this is under way is written the next time
    this.#changed.clear();
    const pipeline = redis.pipeline();
    pipeline.hset(this.#key, "@", position);
    pipeline.sadd(keys.nodes, nodeId);
    for (const clientId of changed) this.#write(pipeline, clientId, laggards.get(clientId));
    pipeline.pexpire(this.#key, orphanMs + spareMs);
    const replies = (await pipeline.exec()) ?? [];
    const [error] = replies.find(([fault]) => fault !== null) ?? [];
    for (const clientId of error ? changed : laggards.keys()) this.#changed.add(clientId);
    const isNew = replies[0]?.[1] === 1;
    // an answer that was lost may have said so too
    if (error || isNew) this.#mustReclaim = true;
    if (error) throw error;
    if (!this.#mustReclaim) return;
    await this.#reclaim(clientIds);
    this.#mustReclaim = false;
  }

  /** @param cursor where the client is, if it lags */
  #write(pipeline: ChainableCommander, clientId: string, cursor: string | undefined): void {
    const { keys, handlers } = this.#context;
    const hold = this.holdOf(handlers.describe(clientId));
    if (hold === "") return;
    pipeline.hset(this.#key, clientId, cursor === undefined ? hold : `${hold} ${cursor}`);
    if (cursor === undefined) pipeline.hdel(keys.client(clientId), "adopted");
  }

  /** Holds its clients again; those whom others made orphans of are none. */
  async #reclaim(clientIds: Iterable<string>): Promise<void> {
    const { redis, keys, nodeId, handlers } = this.#context;
    const pipeline = redis.pipeline();
    const likenesses = new Set<string>();
    for (const clientId of clientIds) {
      const hold = this.holdOf(handlers.describe(clientId));
      if (hold === "") continue;
      likenesses.add(hold);
      if (!this.#changed.has(clientId)) pipeline.hset(this.#key, clientId, hold);
    }
    await pipeline.exec();
    if (likenesses.size > 0) await disownScript.run(redis, [], [keys.all, nodeId, ...likenesses]);
  }
}
