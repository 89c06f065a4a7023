import { guest, type Identity, type JsonObject, type Subscription } from "@sluice/protocol";
import {
  type Access,
  denyByFilter,
  denyByRule,
  type DenialReason,
  readsAuth,
  requestValues,
} from "./access.ts";
import type { TopicGuard } from "./subscriber-group.ts";

/** What is decided for one subscriber. */
interface Decision {
  /** Nothing where the subscriber gets the event. */
  readonly denial: DenialReason | undefined;
  /** Whether the subscriber sees e-mail addresses that are not shown to everybody. */
  readonly isManager: boolean;
}

/** What the decisions on one record are made with. */
interface RecordDecisionsContext {
  readonly guard: TopicGuard;
  readonly record: JsonObject;
  readonly nowMs: number;
}

/** Decides for the subscribers of one string: the collection's rule first, then the subscriber's own filter. */
export class RecordDecisions {
  readonly #context: RecordDecisionsContext;
  readonly #subscription: Subscription;
  readonly #rule: Access;
  readonly #manageRule: Access;
  readonly #filter: Access;
  #common: { readonly denial: DenialReason | undefined } | undefined;

  constructor(context: RecordDecisionsContext, subscription: Subscription) {
    const { access, collection, rule } = context.guard;
    const rules = access.rulesOf(collection);
    this.#context = context;
    this.#subscription = subscription;
    this.#rule = rules[rule];
    this.#manageRule = rules.manageRule;
    this.#filter = access.filterOf(subscription, subscription.options.query["filter"] ?? "", collection);
  }

  /** Whether all who pass the rule get the event, and see the same of it; where not, each is asked. */
  get grantsAllWhoPass(): boolean {
    if (this.#context.guard.collection.type === "auth" || readsAuth(this.#filter)) return false;
    return this.#denyByOwnFilter(guest) === undefined;
  }

  /**
   * @param request what rules read of them, where that is known
   * @param isSure whether they are known to pass the rule
   */
  decide(
    identity: Identity,
    request = requestValues(identity, this.#subscription.options),
    isSure = false,
  ): Decision {
    const { guard, record, nowMs } = this.#context;
    const { records } = guard.access;
    const subject = { record, request, records, nowMs };
    if (identity.kind === "superuser") {
      return { denial: this.#denyByFilter(identity), isManager: false };
    }
    const ruleDenial = isSure ? undefined : denyByRule(this.#rule, subject);
    const denial = ruleDenial ?? this.#denyByOwnFilter(identity);
    const mayManage = guard.collection.type === "auth" && denial === undefined;
    return { denial, isManager: mayManage && denyByRule(this.#manageRule, subject) === undefined };
  }

  /** A filter may not read who asks, and says the same to all; the list rules of what it joins may. */
  #denyByOwnFilter(identity: Identity): DenialReason | undefined {
    if (readsAuth(this.#filter)) return this.#denyByFilter(identity);
    this.#common ??= { denial: this.#denyByFilter(guest) };
    return this.#common.denial;
  }

  #denyByFilter(identity: Identity): DenialReason | undefined {
    const { guard, record, nowMs } = this.#context;
    const { options } = this.#subscription;
    const { records } = guard.access;
    const subject = { record, request: requestValues(identity, options), records, nowMs };
    return denyByFilter(this.#filter, subject, { identity, options });
  }
}
