import { type BalancerName, type RealBalancer, startRealBalancer } from "../harness/real-balancer.ts";
import { Balancer } from "./balancer.ts";
import type { ClientPlan } from "./client-plan.ts";
import { Crowds } from "./crowds.ts";
import { Journal } from "./journal.ts";
import { Nodes } from "./nodes.ts";
import { RedisStage } from "./redis-stage.ts";
import { type Sabotage, sabotageFlags } from "./sabotages.ts";
import { type Bulk, Writers } from "./writers.ts";

/** How many nodes there are. */
export const nodeCount = 3;

/** What a stage is set with. */
export interface StagePlan {
  readonly clients: readonly ClientPlan[];
  readonly seed: number;
  /** Events per second. */
  readonly rate: number;
  /** Bursts of large events; none where nothing is said. */
  readonly bulk?: Bulk;
  /** How many nodes have an address, and how many of them are not started yet: else {@link nodeCount} and none. */
  readonly nodes?: { readonly count: number; readonly down: number };
  /** Settings of the nodes, by their environment names. */
  readonly env?: Readonly<Record<string, string>>;
  /** A real balancer between the nodes and the one that notes down who had which stream; nothing for none. */
  readonly realBalancer?: BalancerName;
  /** What is broken in the nodes on purpose. */
  readonly sabotage?: Sabotage | undefined;
  readonly onLine?: ((text: string) => void) | undefined;
}

interface Parts {
  readonly journal: Journal;
  readonly redis: RedisStage;
  readonly nodes: Nodes;
  readonly front: RealBalancer | undefined;
}

/** Everything that faults can happen to: Redis, nodes, a balancer in front of them, and who reads and writes. */
export class ChaosStage {
  readonly clients: readonly ClientPlan[];
  readonly journal: Journal;
  readonly redis: RedisStage;
  readonly nodes: Nodes;
  readonly balancer: Balancer;
  readonly crowds: Crowds;
  readonly writers: Writers;
  readonly #front: RealBalancer | undefined;

  private constructor({ clients, seed, rate, bulk }: StagePlan, { journal, redis, nodes, front }: Parts) {
    this.clients = clients;
    this.journal = journal;
    this.redis = redis;
    this.nodes = nodes;
    this.#front = front;
    this.balancer = new Balancer(front === undefined ? nodes.urls : [front.url]);
    this.crowds = new Crowds(clients);
    this.writers = new Writers({ url: redis.writerUrl, seed, writers: 4, rate, bulk });
  }

  /** Starts it all but the writers; the clients are not connected yet. */
  static async open(plan: StagePlan): Promise<ChaosStage> {
    const { sabotage, onLine } = plan;
    const journal = new Journal((text) => onLine?.(text));
    const redis = await RedisStage.start(journal);
    const opened: { close: () => Promise<void> }[] = [redis];
    try {
      const nodes = await Nodes.start({
        ...(plan.nodes ?? { count: nodeCount, down: 0 }),
        redisUrl: redis.nodeUrl,
        env: { ...plan.env, ...(sabotage === undefined ? {} : { SABOTAGE: sabotage }) },
        flags: sabotage === undefined ? [] : sabotageFlags,
      });
      opened.push(nodes);
      const { realBalancer } = plan;
      const front =
        realBalancer === undefined ? undefined : await startRealBalancer(realBalancer, nodes.urls);
      const stage = new ChaosStage(plan, { journal, redis, nodes, front });
      stage.crowds.start(await stage.balancer.start(), plan.seed);
      return stage;
    } catch (error) {
      for (const part of opened) await part.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.crowds.close();
    this.writers.close();
    await this.balancer.close();
    await this.#front?.close();
    await this.nodes.close();
    await this.redis.close();
  }
}
