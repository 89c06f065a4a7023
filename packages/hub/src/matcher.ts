import {
  type Collection,
  type CollectionSet,
  type CustomMessage,
  guest,
  type RecordEvent,
  topicOf,
} from "@sluice/protocol";
import { CompiledRule, type Records } from "@sluice/rules";
import { type DenialReason, denyByRule, prepareMessageRule, requestValues } from "./access.ts";
import type { Audience } from "./audiences.ts";
import type { Client } from "./client.ts";
import { CollectionAccess } from "./collection-access.ts";
import { EventEncoder } from "./event-encoder.ts";
import { ExpandBudget, Expander } from "./expander.ts";
import type { Expansion } from "./expansion.ts";
import { encodeLeave, rowBefore } from "./leave.ts";
import type { Match, Share } from "./match.ts";
import { allOf, countOf, type OneOrMore, unfold } from "./one-or-more.ts";
import { RecordDecisions } from "./record-decisions.ts";
import { recordTopics } from "./record-topics.ts";
import { Shares } from "./shares.ts";
import type { SubscriberGroup, TopicGuard } from "./subscriber-group.ts";
import type { SubscriptionIndex } from "./subscription-index.ts";
import type { TopicGroups } from "./topic-groups.ts";

/** The collections that events are decided by, and their rules made ready. */
export class Rulebook {
  readonly collections: CollectionSet;
  readonly access: CollectionAccess;

  constructor(collections: CollectionSet, records: Records) {
    this.collections = collections;
    this.access = new CollectionAccess(collections, records);
  }
}

/** What a matcher works with. */
export interface MatcherContext {
  /** Unix milliseconds, for rules that read the clock. */
  readonly nowMs: () => number;
  /** Counts subscribers of a topic who may not have an event, or not what they asked to have expanded in it. */
  readonly onDenied: (denied: Denied) => void;
}

/** Subscribers of a topic who may not have an event, all for one reason. */
export interface Denied {
  readonly reason: DenialReason;
  readonly topic: string;
  readonly subscribers: number;
  /** The rule or filter; null is for superusers only. */
  readonly text?: string | null | undefined;
  /** What was expected and what came, where the reason alone does not tell. */
  readonly detail?: string;
  /** Where several texts are the reason: how many there are of each. Only to be asked at once. */
  readonly byText?: () => Iterable<readonly [text: string, subscribers: number]>;
}

/** Finds who may have an event among the clients of an index, and what each of them sees of it. */
export class Matcher {
  readonly #index: SubscriptionIndex;
  readonly #context: MatcherContext;

  constructor(index: SubscriptionIndex, context: MatcherContext) {
    this.#index = index;
    this.#context = context;
  }

  /** @returns nothing for an event of an unknown collection: it reaches nobody */
  matchRecord(event: RecordEvent, { collections, access }: Rulebook): readonly Match[] | undefined {
    const collection = collections.find(event.collection);
    if (collection === undefined) return undefined;
    const { record } = event;
    const work: RecordWork = {
      event,
      collection,
      encoder: new EventEncoder(collection, event),
      budget: new ExpandBudget(),
      nowMs: this.#context.nowMs(),
      matches: [],
    };
    for (const [order, { topic, rule }] of recordTopics(collection, record.id).entries()) {
      const groups = this.#index.find(topic);
      if (groups === undefined) continue;
      const guard = { access, collection, rule };
      let asked = 0;
      const { nowMs } = work;
      const subject = { record, request: { query: {}, headers: {} }, records: access.records, nowMs };
      const found = groups.find(guard, subject);
      for (const group of found) {
        this.#matchGroup(group, { guard, order, work });
        asked += group.clients.size;
      }
      if (asked < groups.size) {
        const byText = () => filtersBeside(groups, found);
        this.#context.onDenied({ reason: "filter", topic, subscribers: groups.size - asked, byText });
      }
      if (groups.leaving.size > 0) matchLeaving(groups, { guard, order, work });
    }
    return work.matches;
  }

  /**
   * Finds who subscribed to a message's topic, or the one client that it is for.
   * @param find finds a client by its id
   */
  matchMessage(
    { topic, data, rule, clientId }: CustomMessage,
    find: (clientId: string) => Client | undefined,
  ): readonly Match[] {
    const one = clientId === undefined ? undefined : find(clientId);
    if (clientId !== undefined && one === undefined) return [];
    const access = prepareMessageRule(rule);
    const matches: Match[] = [];
    for (const { subscription, place, clients } of this.#index.find(topicOf(topic))?.all ?? []) {
      // a topic with a query of its own names fewer subscriptions than its topic part
      if (!`${subscription.raw}?`.startsWith(`${topic}?`)) continue;
      const share: Share = { data, clients: [] };
      const addressed = one === undefined ? clients : [one].filter((client) => clients.has(client));
      for (const client of addressed) {
        const { identity } = client;
        const request = requestValues(identity, subscription.options);
        const subject = { record: {}, request, nowMs: this.#context.nowMs() };
        const denial = identity.kind === "superuser" ? undefined : denyByRule(access, subject);
        if (denial === undefined) share.clients.push(client);
        else
          this.#context.onDenied({ reason: denial, topic: subscription.topic, subscribers: 1, text: rule });
      }
      if (share.clients.length > 0)
        matches.push({ subscription, place, subject: undefined, shares: [share] });
    }
    return matches;
  }

  #matchGroup(group: SubscriberGroup, { guard, order, work }: TopicWork): void {
    const { subscription, pickFields, clients, place } = group;
    const { topic, raw, options } = subscription;
    const { event, encoder, nowMs } = work;
    const { record } = event;
    const decisions = new RecordDecisions({ guard, record, nowMs }, subscription);
    const expander = openExpander(group, guard, work);
    const shares = new Shares(encoder, pickFields);
    let asked = 0;
    const subject = { record, request: options, records: guard.access.records, nowMs };
    const admit = (audience: Audience, isSure: boolean): void => {
      const count = countOf(audience.clients);
      asked += count;
      const { denial, isManager } = decisions.decide(audience.identity, audience.request, isSure);
      if (denial !== undefined) {
        const text = denial.startsWith("rule") ? guard.collection[guard.rule] : options.query["filter"];
        this.#context.onDenied({ reason: denial, topic, subscribers: count, text });
        return;
      }
      for (const alike of audience.expandParts?.values() ?? [audience.clients]) {
        const expansion = expander && this.#expand(expander, topic, alike);
        for (const client of allOf(alike)) {
          const view = encoder.viewOf(client.identity, isManager);
          shares.add(client, view, expansion?.viewFor(client.identity));
        }
      }
    };
    for (const { audiences, isSure } of group.audiencesOf(guard).find(subject)) {
      if (isSure && expander === undefined && decisions.grantsAllWhoPass) {
        const passing = clientsOf(audiences);
        asked += passing.length;
        if (passing.length > 0) shares.addAll(passing, encoder.viewOf(guest));
      } else {
        for (const audience of audiences) admit(audience, isSure);
      }
    }
    if (asked < clients.size) {
      const text = guard.collection[guard.rule];
      const subscribers = clients.size - asked;
      this.#context.onDenied({ reason: reasonUnasked(guard), topic, subscribers, text });
    }
    if (shares.all.length > 0) {
      work.matches.push({
        subscription,
        place: `${order}${place}`,
        subject: `${raw}\n${record.id}`,
        shares: shares.all,
      });
    }
  }

  /** What an expansion brings clients for whom it is the same. */
  #expand(expander: Expander, topic: string, alike: OneOrMore<Client> | undefined): Expansion | undefined {
    const [one] = allOf(alike);
    const expansion = one && expander.expandFor(one.identity);
    for (const { reason, message } of expansion?.failures ?? []) {
      this.#context.onDenied({ reason, topic, subscribers: countOf(alike), detail: message });
    }
    return expansion;
  }
}

function clientsOf(audiences: Iterable<Audience>): readonly Client[] {
  const places: (OneOrMore<Client> | undefined)[] = [];
  for (const { clients } of audiences) places.push(clients);
  return unfold(places);
}

/** The filters of a topic's groups that were not found by what a record says, and how many have each. */
function* filtersBeside(
  { all }: TopicGroups,
  found: Iterable<SubscriberGroup>,
): Iterable<readonly [string, number]> {
  const passed = new Set(found);
  for (const group of all) {
    const { options } = group.subscription;
    if (!passed.has(group)) yield [options.query["filter"] ?? "", group.clients.size];
  }
}

/** Why those are denied whom no look-up finds: they do not pass, or what would find them is not at hand. */
function reasonUnasked({ access, collection, rule }: TopicGuard): DenialReason {
  const prepared = access.rulesOf(collection)[rule];
  return prepared instanceof CompiledRule && prepared.lacks(access.records) ? "rule-undecidable" : "rule";
}

/** What one record event is matched with. */
interface RecordWork {
  readonly event: RecordEvent;
  readonly collection: Collection;
  readonly encoder: EventEncoder;
  readonly budget: ExpandBudget;
  readonly nowMs: number;
  readonly matches: Match[];
}

/** The part of it that one topic has. */
interface TopicWork {
  readonly guard: TopicGuard;
  /** The topic's number among those of the record. */
  readonly order: number;
  readonly work: RecordWork;
}

/** Nothing where a string asks for no expansion. */
function openExpander(
  group: SubscriberGroup,
  guard: TopicGuard,
  { event: { record }, budget, nowMs }: RecordWork,
): Expander | undefined {
  const plan = group.expandPlanOf(guard);
  if (plan === undefined) return undefined;
  const { options } = group.subscription;
  return new Expander(plan, { record, records: guard.access.records, options, nowMs, budget });
}

/** Finds who saw a record before an update, does not see it any more, and asked to be told. */
function matchLeaving({ leaving }: TopicGroups, { guard, order, work }: TopicWork): void {
  const { event, nowMs } = work;
  const { id } = event.record;
  const { records } = guard.access;
  const before = rowBefore(event);
  if (before === undefined) return;
  const data = encodeLeave(id);
  for (const group of leaving) {
    const { subscription, place } = group;
    const request = subscription.options;
    const then = new RecordDecisions({ guard, record: before, nowMs }, subscription);
    const now = new RecordDecisions({ guard, record: event.record, nowMs }, subscription);
    const clients: Client[] = [];
    for (const { audiences } of group.audiencesOf(guard).find({ record: before, request, records, nowMs })) {
      for (const { identity, clients: alike } of audiences) {
        const hasLeft =
          then.decide(identity).denial === undefined && now.decide(identity).denial !== undefined;
        if (hasLeft) clients.push(...allOf(alike));
      }
    }
    if (clients.length === 0) continue;
    const subject = `${subscription.raw}\n${id}`;
    work.matches.push({ subscription, place: `${order}${place}`, subject, shares: [{ data, clients }] });
  }
}
