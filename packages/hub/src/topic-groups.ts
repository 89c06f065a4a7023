import type { Subscription } from "@sluice/protocol";
import type { Subject } from "@sluice/rules";
import type { Client } from "./client.ts";
import { wantsLeave } from "./leave.ts";
import { LiteralIndex } from "./literal-index.ts";
import { SubscriberGroup, type TopicGuard } from "./subscriber-group.ts";

/** The subscribers of one topic: a group for each different string with that topic. */
export class TopicGroups {
  readonly #groups = new Map<string, SubscriberGroup>();
  /** Those whose clients are told of records that they see no more. */
  readonly leaving = new Set<SubscriberGroup>();
  #size = 0;
  /** By what their filters ask of a record, under the guard of the last event. */
  #byLiteral = new LiteralIndex<SubscriberGroup>();
  #guard: TopicGuard | undefined;

  /** How many subscriptions its clients have together. */
  get size(): number {
    return this.#size;
  }

  get all(): Iterable<SubscriberGroup> {
    return this.#groups.values();
  }

  /** @returns false where the client has the subscription already */
  add(client: Client, subscription: Subscription): boolean {
    const known = this.#groups.get(subscription.raw);
    const group = known ?? new SubscriberGroup(subscription);
    if (known === undefined) {
      this.#groups.set(subscription.raw, group);
      if (wantsLeave(subscription)) this.leaving.add(group);
      if (this.#guard !== undefined) this.#byLiteral.add(group, group.literalPins(this.#guard));
    }
    if (!group.add(client)) return false;
    this.#size += 1;
    return true;
  }

  /** @returns false where the client does not have the subscription */
  remove(client: Client, { raw }: Subscription): boolean {
    const group = this.#groups.get(raw);
    if (group?.remove(client) !== true) return false;
    this.#size -= 1;
    if (group.clients.size > 0) return true;
    this.#groups.delete(raw);
    this.leaving.delete(group);
    if (this.#guard !== undefined) this.#byLiteral.remove(group, group.literalPins(this.#guard));
    return true;
  }

  /** Puts a client whose identity has changed where it belongs now. */
  move(client: Client, { raw }: Subscription): void {
    this.#groups.get(raw)?.move(client);
  }

  /** The groups whose filters may let a record through; those that it leaves out do not. */
  find(guard: TopicGuard, subject: Subject): Iterable<SubscriberGroup> {
    if (!this.#isUnder(guard)) this.#regroup(guard);
    return this.#byLiteral.find(subject);
  }

  /** Forgets who is alike to the rules: the next event finds it anew. */
  regroup(): void {
    this.#guard = undefined;
  }

  #isUnder({ access, collection, rule }: TopicGuard): boolean {
    const guard = this.#guard;
    return guard?.access === access && guard.collection === collection && guard.rule === rule;
  }

  #regroup(guard: TopicGuard): void {
    this.#guard = guard;
    this.#byLiteral = new LiteralIndex();
    for (const group of this.#groups.values()) {
      group.regroup();
      this.#byLiteral.add(group, group.literalPins(guard));
    }
  }
}
