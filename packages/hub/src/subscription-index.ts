import type { Subscription } from "@sluice/protocol";
import type { Client } from "./client.ts";
import { type FieldPicker, parseFields } from "./field-picker.ts";

/** One subscription string and everybody on this node who asked for it. */
export interface SubscriberGroup {
  readonly subscription: Subscription;
  /** Nothing where the string asks for all fields. */
  readonly pickFields: FieldPicker | undefined;
  readonly clients: Set<Client>;
}

/** The topic index: finds the subscribers of a topic without a look at anybody else. */
export class SubscriptionIndex {
  readonly #topics = new Map<string, Map<string, SubscriberGroup>>();
  #size = 0;

  /** How many subscriptions all clients have together. */
  get size(): number {
    return this.#size;
  }

  /** How many topics have a subscriber. */
  get topicCount(): number {
    return this.#topics.size;
  }

  add(client: Client, subscription: Subscription): void {
    const { topic, raw } = subscription;
    const groups = this.#topics.get(topic) ?? new Map<string, SubscriberGroup>();
    const group = groups.get(raw) ?? newGroup(subscription);
    this.#topics.set(topic, groups.set(raw, group));
    if (!group.clients.has(client)) this.#size += 1;
    group.clients.add(client);
  }

  remove(client: Client, { topic, raw }: Subscription): void {
    const groups = this.#topics.get(topic);
    const group = groups?.get(raw);
    if (groups === undefined || group === undefined || !group.clients.delete(client)) return;
    this.#size -= 1;
    if (group.clients.size === 0) groups.delete(raw);
    if (groups.size === 0) this.#topics.delete(topic);
  }

  /** The groups of a topic, one for each different string with that topic. */
  find(topic: string): Iterable<SubscriberGroup> {
    return this.#topics.get(topic)?.values() ?? [];
  }
}

function newGroup(subscription: Subscription): SubscriberGroup {
  const pickFields = parseFields(subscription.options.query["fields"] ?? "");
  return { subscription, pickFields, clients: new Set() };
}
