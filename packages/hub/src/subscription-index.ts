import type { Subscription } from "@sluice/protocol";
import type { Client } from "./client.ts";
import { TopicGroups } from "./topic-groups.ts";

/** The topic index: finds the subscribers of a topic without a look at anybody else. */
export class SubscriptionIndex {
  readonly #topics = new Map<string, TopicGroups>();
  #size = 0;

  /** How many subscriptions all clients have together. */
  get size(): number {
    return this.#size;
  }

  /** How many audiences events have been decided for; takes a look at every topic. */
  get audienceCount(): number {
    let count = 0;
    for (const { all } of this.#topics.values()) for (const group of all) count += group.audienceCount;
    return count;
  }

  add(client: Client, subscription: Subscription): void {
    const { topic } = subscription;
    const groups = this.#topics.get(topic) ?? new TopicGroups();
    this.#topics.set(topic, groups);
    if (groups.add(client, subscription)) this.#size += 1;
  }

  remove(client: Client, subscription: Subscription): void {
    const { topic } = subscription;
    const groups = this.#topics.get(topic);
    if (groups?.remove(client, subscription) !== true) return;
    this.#size -= 1;
    if (groups.size === 0) this.#topics.delete(topic);
  }

  /** Puts a client whose identity has changed into the audience where it belongs now. */
  move(client: Client, subscription: Subscription): void {
    this.#topics.get(subscription.topic)?.move(client, subscription);
  }

  /** As if every client had been moved: the next event of each topic finds anew where they belong. */
  moveAll(): void {
    for (const groups of this.#topics.values()) groups.regroup();
  }

  /** The subscribers of a topic, if it has any. */
  find(topic: string): TopicGroups | undefined {
    return this.#topics.get(topic);
  }
}
