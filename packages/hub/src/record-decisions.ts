import type { Collection, Identity, JsonObject, Subscription } from "@sluice/protocol";
import {
  type Access,
  denyByFilter,
  denyByRule,
  type DenialReason,
  isSameForAll,
  requestValues,
} from "./access.ts";
import type { CollectionAccess } from "./collection-access.ts";

/** What is decided for one subscriber. */
export interface Decision {
  /** Nothing where the subscriber gets the event. */
  readonly denial: DenialReason | undefined;
  /** Whether the subscriber sees e-mail addresses that are not shown to everybody. */
  readonly isManager: boolean;
}

/** What the decisions on one record are made with. */
export interface RecordDecisionsContext {
  readonly access: CollectionAccess;
  readonly collection: Collection;
  readonly record: JsonObject;
  readonly nowMs: number;
}

/** Decides for the subscribers of one record event: the collection's rule first, then the subscriber's own filter. */
export class RecordDecisions {
  readonly #context: RecordDecisionsContext;

  constructor(context: RecordDecisionsContext) {
    this.#context = context;
  }

  /** Decides for one subscription string after the other; what is the same for all its subscribers is decided once. */
  forSubscription(
    subscription: Subscription,
    rule: "listRule" | "viewRule",
  ): (identity: Identity) => Decision {
    const { access, collection } = this.#context;
    const { options } = subscription;
    const ruleAccess = access.rulesOf(collection)[rule];
    const filterAccess = access.filterOf(subscription, options.query["filter"] ?? "", collection);
    const decide = (identity: Identity): Decision =>
      this.#decide(identity, subscription, { ruleAccess, filterAccess });
    const isShared = isSameForAll(ruleAccess) && isSameForAll(filterAccess) && collection.type !== "auth";
    return isShared ? oncePerKind(decide) : decide;
  }

  #decide(
    identity: Identity,
    { options }: Subscription,
    { ruleAccess, filterAccess }: { readonly ruleAccess: Access; readonly filterAccess: Access },
  ): Decision {
    const { access, collection, record, nowMs } = this.#context;
    const subject = { record, request: requestValues(identity, options), nowMs };
    const isSuperuser = identity.kind === "superuser";
    const denial =
      (isSuperuser ? undefined : denyByRule(ruleAccess, subject)) ??
      denyByFilter(filterAccess, subject, { identity, options });
    const mayManage = collection.type === "auth" && !isSuperuser && denial === undefined;
    const { manageRule } = access.rulesOf(collection);
    return { denial, isManager: mayManage && denyByRule(manageRule, subject) === undefined };
  }
}

/** Neither guests nor auth records differ among themselves, where nothing reads the request. */
function oncePerKind(decide: (identity: Identity) => Decision): (identity: Identity) => Decision {
  const known = new Map<Identity["kind"], Decision>();
  return (identity) => {
    const decision = known.get(identity.kind) ?? decide(identity);
    known.set(identity.kind, decision);
    return decision;
  };
}
