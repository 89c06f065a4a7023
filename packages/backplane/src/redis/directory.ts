import { identityKey } from "@sluice/protocol";
import type { Redis } from "ioredis";
import type { ClientState, Leaving, Progress } from "../backplane.ts";
import type { NodeHandlers } from "../node-handlers.ts";
import type { Holds } from "./holds.ts";
import type { Keys } from "./keys.ts";
import type { NodeContext } from "./node-context.ts";
import { Script } from "./script.ts";

/** Life of a client's entry; the clients of a node that was killed are gone after it. */
const clientLifeMs = 30_000;

/** Life of a node's heartbeat key; without it the node counts as dead. */
const nodeLifeMs = 6_000;

/** By when all have come back who could not while Redis was away: SDKs try again every 2 s, nodes more often. */
export const comeBackMs = 3_000;

const nodeBeatMs = 2_000;
const renewMs = 10_000;
const renewBatch = 500;

const registerScript = new Script<"OK">("register.lua");
const unregisterScript = new Script<"OK">("orphans.lua", "unregister.lua");
const releaseScript = new Script<0 | 1>("release.lua");

/** Redis's record of which node holds which client, as far as it is this node's to keep. */
export class Directory {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #nodeId: string;
  readonly #handlers: NodeHandlers;
  readonly #clients = new Set<string>();
  /** What is still to be done for those who left while Redis was away. */
  readonly #left = new Map<string, () => Promise<"OK">>();
  readonly #holds: Holds;
  readonly #orphanMs: number;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(context: NodeContext, holds: Holds) {
    this.#redis = context.redis;
    this.#keys = context.keys;
    this.#nodeId = context.nodeId;
    this.#handlers = context.handlers;
    this.#orphanMs = context.orphanMs;
    this.#holds = holds;
  }

  /** Announces this node and keeps its entries alive. */
  async start(): Promise<void> {
    await this.#beat();
    this.#every(nodeBeatMs, () => this.#beat(), "renewing this node's heartbeat");
    this.#every(renewMs, () => this.#renewClients(), "renewing clients");
  }

  /**
   * Makes this node and its clients findable at once, where Redis was away and may have lost them.
   * @param awayMs how long it was
   */
  async refresh(awayMs: number): Promise<void> {
    try {
      // another node may have been cut off for longer
      const knownMs = Number((await this.#redis.get(this.#keys.away)) ?? 0);
      await this.#redis.set(this.#keys.away, Math.ceil(Math.max(awayMs, knownMs)), "PX", comeBackMs);
      await this.#beat();
      await this.#forgetLeft();
      await this.#renewClients();
    } catch (error) {
      this.#handlers.fault(error, "renewing this node and its clients");
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const leaving = this.#redis.pipeline().del(this.#keys.node(this.#nodeId));
    // whoever could not be forgotten is an orphan now
    if (this.#clients.size + this.#left.size === 0) {
      leaving.del(this.#keys.holds(this.#nodeId)).srem(this.#keys.nodes, this.#nodeId);
    }
    await leaving.exec().catch(() => undefined);
  }

  /** See `Backplane.register`; one that fails leaves at most an entry that expires. */
  async register(clientId: string, state: ClientState): Promise<void> {
    await this.#write(clientId, state);
    this.#clients.add(clientId);
  }

  async #write(clientId: string, state: ClientState): Promise<void> {
    const { address, identity, subscriptions, version, keepsCursor } = state;
    const node = [this.#keys.node(this.#nodeId), this.#keys.holds(this.#nodeId)];
    const keys = [this.#keys.client(clientId), this.#keys.ticket, ...node];
    const texts = [address, identityKey(identity), JSON.stringify(subscriptions)];
    const args = [this.#nodeId, ...texts, version, clientLifeMs, nodeLifeMs];
    const hold = [Number(keepsCursor), clientId, this.#holds.holdOf(state)];
    await registerScript.run(this.#redis, keys, [...args, ...hold]);
  }

  /** See `Backplane.orphan`. */
  async orphan(clientId: string, cursor: string): Promise<void> {
    await this.#farewell(clientId, { orphanedAt: cursor, wasSubscribed: true })();
    this.#clients.delete(clientId);
    this.#holds.forget(clientId);
  }

  async unregister(clientId: string, leaving: Leaving): Promise<void> {
    if (!this.#clients.delete(clientId)) return;
    this.#holds.forget(clientId);
    const farewell = this.#farewell(clientId, leaving);
    // what cannot be done now is done later
    await farewell().catch(() => this.#left.set(clientId, farewell));
  }

  /** @returns what forgets a client as it is now, or makes an orphan of it; safe to be called again */
  #farewell(clientId: string, { orphanedAt = "", wasSubscribed }: Leaving): () => Promise<"OK"> {
    const keys = [this.#keys.client(clientId), this.#keys.holds(this.#nodeId)];
    const args = [clientId, this.#nodeId, orphanedAt, Number(wasSubscribed), this.#keys.all, this.#orphanMs];
    const likeness = this.#holds.holdOf(this.#handlers.describe(clientId));
    return () => unregisterScript.run(this.#redis, keys, [...args, likeness]);
  }

  async #forgetLeft(): Promise<void> {
    const forget = async ([clientId, farewell]: [string, () => Promise<"OK">]): Promise<void> => {
      await farewell();
      this.#left.delete(clientId);
    };
    await Promise.all([...this.#left].map(forget));
  }

  /** See `Backplane.record`. */
  async record(progress: Progress): Promise<void> {
    if (this.#redis.status !== "ready") return;
    try {
      await this.#forgetLeft();
      await this.#holds.record(progress, this.#clients);
    } catch (error) {
      if (this.#redis.status === "ready") this.#handlers.fault(error, "noting how far the clients are");
    }
  }

  /** See `Backplane.release`. */
  async release(clientIds: readonly string[], identity: string): Promise<void> {
    const release = (id: string): Promise<0 | 1> =>
      releaseScript.run(this.#redis, [this.#keys.client(id)], [identity]);
    await Promise.all(clientIds.map(release));
    // they are like others now
    for (const id of clientIds) this.#holds.noteChange(id);
  }

  async #beat(): Promise<void> {
    await this.#redis.set(this.#keys.node(this.#nodeId), Date.now(), "PX", nodeLifeMs);
  }

  async #renewClients(): Promise<void> {
    const ids = [...this.#clients];
    for (let start = 0; start < ids.length; start += renewBatch) {
      await this.#renewBatch(ids.slice(start, start + renewBatch));
    }
  }

  async #renewBatch(ids: readonly string[]): Promise<void> {
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.pexpire(this.#keys.client(id), clientLifeMs);
    const replies = (await pipeline.exec()) ?? [];
    const lost = ids.filter((_id, index) => replies[index]?.[1] === 0);
    await Promise.all(lost.map((id) => this.#restore(id)));
  }

  async #restore(clientId: string): Promise<void> {
    const state = this.#clients.has(clientId) ? this.#handlers.describe(clientId) : undefined;
    if (state !== undefined) await this.#write(clientId, state);
  }

  #every(periodMs: number, work: () => Promise<void>, doing: string): void {
    let running = false;
    const tick = async (): Promise<void> => {
      if (running || this.#redis.status !== "ready") return;
      running = true;
      await work().catch((error: unknown) => this.#handlers.fault(error, doing));
      running = false;
    };
    this.#timers.push(setInterval(() => void tick(), periodMs));
  }
}
