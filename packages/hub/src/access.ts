import type { Collection, Identity, SubscriptionOptions } from "@sluice/protocol";
import {
  type CompiledRule,
  compileRule,
  type RequestValues,
  RuleError,
  type RulePlace,
  type RuleSchema,
  type Subject,
} from "@sluice/rules";

/**
 * Why a subscriber does not get an event, or not what it asked to have expanded in it. `undecidable`: the decision takes
 * data that is not at hand. `refused`: the rule or filter is broken, or not for this subscriber. `failed`: it could not be
 * carried out on this record.
 */
export type DenialReason = `${"rule" | "filter" | "expand"}${"" | "-undecidable" | "-refused" | "-failed"}`;

/** A rule or filter, ready to be asked; a broken one is kept as what is wrong with it. */
export type Access = "superusers" | "everyone" | CompiledRule | RuleError;

/**
 * Prepares a rule: null is superusers only, `""` everyone.
 * @param context what it reads as `@request.context`
 */
export function prepareRule(
  rule: string | null,
  schema: RuleSchema,
  { collection, context = "realtime" }: Pick<RulePlace, "collection" | "context">,
): Access {
  if (rule === null) return "superusers";
  return rule === "" ? "everyone" : compile(rule, schema, { collection, kind: "rule", context });
}

/** Prepares the rule of a message, which stands over no record: it may read `@request.*` alone. */
export function prepareMessageRule(rule: string | null): Access {
  const access = prepareRule(rule, noCollections, { collection: noCollection });
  if (typeof access === "string" || access instanceof RuleError) return access;
  const position = access.needs.get("record");
  return position === undefined ? access : new RuleError("forbidden", "a message has no record", position);
}

const noCollections = { find: (): undefined => undefined };

const noCollection: Collection = {
  id: "",
  name: "",
  type: "base",
  listRule: null,
  viewRule: null,
  manageRule: null,
  fields: [],
  follow: false,
};

/** Prepares a subscription's own filter, which superusers have to pass too. */
export function prepareFilter(filter: string, schema: RuleSchema, collection: Collection): Access {
  return filter === "" ? "everyone" : compile(filter, schema, { collection, kind: "filter" });
}

function compile(text: string, schema: RuleSchema, place: Omit<RulePlace, "schema">): Access {
  try {
    return compileRule(text, { schema, ...place });
  } catch (error) {
    if (error instanceof RuleError) return error;
    throw error;
  }
}

/** Whether a decision may depend on who asks. */
export function readsAuth(access: Access): boolean {
  return typeof access !== "string" && !(access instanceof RuleError) && access.readsAuth;
}

/** Decides whether a subject passes a rule; nothing where it does. Superusers are not asked. */
export function denyByRule(access: Access, subject: Subject): DenialReason | undefined {
  if (access === "everyone") return undefined;
  if (access === "superusers") return "rule";
  return access instanceof RuleError ? "rule-refused" : denyBy("rule", access.decide(subject));
}

/** Decides whether a subscription's filter lets a record through; nothing where it does. */
export function denyByFilter(
  access: Access,
  subject: Subject,
  { identity, options }: { readonly identity: Identity; readonly options: SubscriptionOptions },
): DenialReason | undefined {
  if (access === "everyone") return undefined;
  if (access === "superusers" || access instanceof RuleError) return "filter-refused";
  const isForbidden = access.superusersOnly || /@request\.|@collection\./.test(options.query["sort"] ?? "");
  if (isForbidden && identity.kind !== "superuser") return "filter-refused";
  return denyBy("filter", access.decide(subject));
}

function denyBy(
  kind: "rule" | "filter",
  decision: ReturnType<CompiledRule["decide"]>,
): DenialReason | undefined {
  if (decision === true) return undefined;
  return decision === false ? kind : `${kind}-${decision}`;
}

const authRecords = new WeakMap<Identity, Readonly<Record<string, unknown>>>();

/** What `@request.*` reads for an identity under a subscription. */
export function requestValues(identity: Identity, { query, headers }: SubscriptionOptions): RequestValues {
  return { auth: authRecordOf(identity), query, headers };
}

function authRecordOf(identity: Identity): Readonly<Record<string, unknown>> | undefined {
  if (identity.kind === "guest") return undefined;
  const { id, collectionId, collectionName, claims } = identity;
  const record = authRecords.get(identity) ?? { ...claims, id, collectionId, collectionName };
  authRecords.set(identity, record);
  return record;
}
