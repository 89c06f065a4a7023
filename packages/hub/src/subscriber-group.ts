import type { Collection, Subscription } from "@sluice/protocol";
import type { LiteralPin } from "@sluice/rules";
import { Audiences } from "./audiences.ts";
import type { Client } from "./client.ts";
import type { CollectionAccess } from "./collection-access.ts";
import { type ExpandPlan, planExpand } from "./expand-plan.ts";
import { type FieldPicker, parseFields } from "./field-picker.ts";

/** Which collection a topic is about, and which of its rules guards it. */
export interface TopicGuard {
  readonly access: CollectionAccess;
  readonly collection: Collection;
  readonly rule: "listRule" | "viewRule";
}

/** One subscription string and everybody on this node who asked for it. */
export class SubscriberGroup {
  readonly subscription: Subscription;
  /** Nothing where the string asks for all fields. */
  readonly pickFields: FieldPicker | undefined;
  /** Tells the group from others of its topic, on every node alike. */
  readonly place: string;
  readonly clients = new Set<Client>();
  #audiences: Audiences | undefined;
  /** `nothing` where the string asks for no expansion. */
  #expandPlan: ExpandPlan | "nothing" | undefined;

  constructor(subscription: Subscription) {
    this.subscription = subscription;
    this.pickFields = parseFields(subscription.options.query["fields"] ?? "");
    this.place = shortHash(subscription.raw);
  }

  /** How many audiences its clients form; none before the first event that asks for them. */
  get audienceCount(): number {
    return this.#audiences?.size ?? 0;
  }

  /** @returns false where the client is in it already */
  add(client: Client): boolean {
    if (this.clients.has(client)) return false;
    this.clients.add(client);
    this.#audiences?.add(client);
    return true;
  }

  /** @returns false where the client is not in it */
  remove(client: Client): boolean {
    this.#audiences?.remove(client);
    return this.clients.delete(client);
  }

  /** Puts a client whose identity has changed into the audience where it belongs now. */
  move(client: Client): void {
    this.#audiences?.remove(client);
    this.#audiences?.add(client);
  }

  /** Its audiences under a guard; made when they are first asked for, and kept up until the next {@link regroup}. */
  audiencesOf(guard: TopicGuard): Audiences {
    const { access, collection, rule } = guard;
    this.#audiences ??= new Audiences(
      {
        rule: access.rulesOf(collection)[rule],
        manageRule: collection.type === "auth" ? access.rulesOf(collection).manageRule : undefined,
        filter: this.#filterIn(access, collection),
        expandRules: this.expandPlanOf(guard)?.rules ?? [],
        options: this.subscription.options,
        records: access.records,
      },
      this.clients,
    );
    return this.#audiences;
  }

  /** What its string asks to have expanded in an event's record, if anything. */
  expandPlanOf({ access, collection }: TopicGuard): ExpandPlan | undefined {
    this.#expandPlan ??= planExpand(this.subscription, collection, access) ?? "nothing";
    return this.#expandPlan === "nothing" ? undefined : this.#expandPlan;
  }

  /** Forgets the audiences: the rules have changed. */
  regroup(): void {
    this.#audiences = undefined;
    this.#expandPlan = undefined;
  }

  /** The literals of which a record must have one to pass the filter; nothing where they do not tell. */
  literalPins({ access, collection }: TopicGuard): readonly LiteralPin[] | undefined {
    const filter = this.#filterIn(access, collection);
    if (typeof filter === "string" || !("programFor" in filter) || filter.superusersOnly) return undefined;
    const program = filter.programFor(this.subscription.options);
    return program === "refused" ? undefined : program.literalPins;
  }

  #filterIn(access: CollectionAccess, collection: Collection) {
    return access.filterOf(this.subscription, this.subscription.options.query["filter"] ?? "", collection);
  }
}

/** FNV-1a, in seven digits of base 36. */
function shortHash(text: string): string {
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01_00_01_93);
  }
  return (hash >>> 0).toString(36).padStart(7, "0");
}
