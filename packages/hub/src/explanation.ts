import {
  type CollectionSet,
  type CustomMessage,
  type Identity,
  parseSubscription,
  type RecordEvent,
  type Subscription,
  topicOf,
} from "@sluice/protocol";
import { type DecidingComparison, RuleError, type Subject, type Records } from "@sluice/rules";
import { type Access, denyByRule, type DenialReason, prepareMessageRule, requestValues } from "./access.ts";
import type { Client } from "./client.ts";
import { CollectionAccess } from "./collection-access.ts";
import { EventEncoder } from "./event-encoder.ts";
import { planExpand } from "./expand-plan.ts";
import { ExpandBudget, Expander } from "./expander.ts";
import { parseFields } from "./field-picker.ts";
import { encodeLeave, rowBefore, wantsLeave } from "./leave.ts";
import { RecordDecisions } from "./record-decisions.ts";
import { recordTopics } from "./record-topics.ts";
import { type Remark, remarksOnData } from "./rule-remarks.ts";

/**
 * Why a subscription string gets an event, or does not. A denied one may be told that the record is its to see no more:
 * `leave` is the data line.
 */
export type Explanation =
  | Delivery
  /** The string has another topic than the event; nothing is asked. */
  | { readonly outcome: "unmatched"; readonly topics: readonly string[] }
  | ({ readonly outcome: "denied"; readonly leave?: string } & Denial);

/** What a subscriber is sent, and the rule that let it through. */
interface Delivery {
  readonly outcome: "delivered";
  readonly rule: RuleName;
  /** The data line. */
  readonly data: string;
  /** Why paths of the string's `expand` bring nothing; absent where none was asked for. */
  readonly unexpanded?: readonly string[];
}

/** What kept a subscriber from having an event. */
export interface Denial {
  readonly reason: DenialReason;
  readonly rule: RuleName | "filter";
  /** The rule or filter; null is for superusers only. */
  readonly text: string | null;
  /** What is wrong with it, or missing for it. */
  readonly remarks: readonly Remark[];
  /** The comparisons that decided. */
  readonly deciding: readonly DecidingComparison[];
}

/** Where a rule stands: in a collection, or in a message. */
type RuleName = "listRule" | "viewRule" | "rule";

/** Who asks, with which string, and when. */
export interface ExplanationContext {
  readonly collections: CollectionSet;
  readonly identity: Identity;
  readonly subscription: string;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** The rows of other collections; nothing where none are at hand. */
  readonly records?: Records | undefined;
}

/** What becomes of an event for one of a client's subscriptions. */
export type SubscriptionExplanation = Explanation & { readonly subscription: string };

type Place = Omit<ExplanationContext, "subscription" | "records"> & { readonly access: CollectionAccess };

/** Explains what becomes of an event for one subscription string; decides as a hub does. */
export function explainEvent(event: RecordEvent | CustomMessage, context: ExplanationContext): Explanation {
  const subscription = parseSubscription(context.subscription);
  const access = new CollectionAccess(context.collections, context.records);
  return explainFor(event, subscription, { ...context, access });
}

/** Costly filters are explained for no longer than this: nobody waits for the answer, and all streams of the node wait. */
const maxExplainMs = 500;

/** Explains it for a client's subscriptions, at most so many, those with a topic of the event first, while there is time. */
export function explainForClient(
  event: RecordEvent | CustomMessage,
  { identity, subscriptions }: Pick<Client, "identity" | "subscriptions">,
  {
    most,
    steadyMs,
    ...place
  }: Omit<Place, "identity"> & { readonly most: number; readonly steadyMs: () => number },
): readonly SubscriptionExplanation[] {
  const topics = new Set(topicsOf(event, place.collections).map(topicOf));
  const [matched, others]: [Subscription[], Subscription[]] = [[], []];
  for (const subscription of subscriptions.values()) {
    (topics.has(subscription.topic) ? matched : others).push(subscription);
  }
  const explained: SubscriptionExplanation[] = [];
  const untilMs = steadyMs() + maxExplainMs;
  for (const one of [...matched, ...others].slice(0, most)) {
    if (steadyMs() > untilMs) break;
    const explanation = explainFor(event, one, { ...place, identity });
    explained.push(Object.assign(explanation, { subscription: one.raw }));
  }
  return explained;
}

function explainFor(
  event: RecordEvent | CustomMessage,
  subscription: Subscription,
  place: Place,
): Explanation {
  return event.kind === "message"
    ? explainMessage(event, subscription, place)
    : explainRecord(event, subscription, place);
}

/** The topics that an event reaches; none for a record of an unknown collection. */
export function topicsOf(event: RecordEvent | CustomMessage, collections: CollectionSet): readonly string[] {
  if (event.kind === "message") return [event.topic];
  const collection = collections.find(event.collection);
  return collection === undefined ? [] : recordTopics(collection, event.record.id).map(({ topic }) => topic);
}

function explainRecord(
  event: RecordEvent,
  subscription: Subscription,
  { collections, access, identity, nowMs }: Place,
): Explanation {
  const { record } = event;
  const { records } = access;
  const collection = collections.find(event.collection);
  const match =
    collection && recordTopics(collection, record.id).find(({ topic }) => topic === subscription.topic);
  if (collection === undefined || match === undefined) {
    return { outcome: "unmatched", topics: topicsOf(event, collections) };
  }
  const guard = { access, collection, rule: match.rule };
  const decide = (row: typeof record) =>
    new RecordDecisions({ guard, record: row, nowMs }, subscription).decide(identity);
  const { denial, isManager } = decide(record);
  const { options } = subscription;
  if (denial === undefined) {
    const encoder = new EventEncoder(collection, event);
    const view = encoder.viewOf(identity, isManager);
    const plan = planExpand(subscription, collection, access);
    const budget = new ExpandBudget();
    const expansion =
      plan && new Expander(plan, { record, records, options, nowMs, budget }).expandFor(identity);
    const pickFields = parseFields(options.query["fields"] ?? "");
    const data = encoder.encode(view, pickFields, expansion?.viewFor(identity));
    const delivery = { outcome: "delivered", rule: match.rule, data } as const;
    if (expansion === undefined) return delivery;
    return { ...delivery, unexpanded: expansion.failures.map(({ message }) => message) };
  }
  const subject = { record, request: requestValues(identity, options), records, nowMs };
  const filter = options.query["filter"] ?? "";
  const before = wantsLeave(subscription) ? rowBefore(event) : undefined;
  const hasLeft = before !== undefined && decide(before).denial === undefined;
  const explanation = denial.startsWith("rule")
    ? denied(denial, access.rulesOf(collection)[match.rule], {
        rule: match.rule,
        text: collection[match.rule],
        subject,
      })
    : denied(denial, access.filterOf(subscription, filter, collection), {
        rule: "filter",
        text: filter,
        subject,
      });
  return hasLeft ? { ...explanation, leave: encodeLeave(record.id) } : explanation;
}

function explainMessage(
  { topic, rule, data }: CustomMessage,
  { raw, options }: Subscription,
  { identity, nowMs }: Place,
): Explanation {
  if (!`${raw}?`.startsWith(`${topic}?`)) return { outcome: "unmatched", topics: [topic] };
  const access = prepareMessageRule(rule);
  const subject = { record: {}, request: requestValues(identity, options), nowMs };
  const denial = identity.kind === "superuser" ? undefined : denyByRule(access, subject);
  if (denial === undefined) return { outcome: "delivered", rule: "rule", data };
  return denied(denial, access, { rule: "rule", text: rule, subject });
}

function denied(
  reason: DenialReason,
  access: Access,
  { rule, text, subject }: Pick<Denial, "rule" | "text"> & { readonly subject: Subject },
): Extract<Explanation, { outcome: "denied" }> {
  const deciding = typeof access === "string" || access instanceof RuleError ? [] : access.explain(subject);
  return { outcome: "denied", reason, rule, text, deciding, remarks: remarksFor(reason, access) };
}

/** What explains a denial beyond the comparisons. */
function remarksFor(reason: DenialReason, access: Access): readonly Remark[] {
  if (access instanceof RuleError) return [access];
  if (reason.endsWith("-undecidable")) return remarksOnData(access);
  const message = "@request. and @collection., here or in sort, are for superusers' filters only";
  return reason === "filter-refused" ? [{ position: 0, message }] : [];
}
