import type { Identity, SubscriptionOptions } from "@sluice/protocol";
import type { AudiencePlan, Records, RequestValues, RuleProgram, Subject } from "@sluice/rules";
import { type Access, readsAuth, requestValues } from "./access.ts";
import type { Client } from "./client.ts";
import { allOf, type OneOrMore, withOne, withoutOne } from "./one-or-more.ts";
import { PinIndex } from "./pin-index.ts";

/** Subscribers of one string for whom every decision is the same. */
export interface Audience {
  /** Of one of them, who is asked for all. */
  readonly identity: Identity;
  /** What rules read of that one. */
  readonly request: RequestValues;
  readonly clients: OneOrMore<Client> | undefined;
  /** The same clients, by whether the same is expanded for them; nothing where that is so for all. */
  readonly expandParts: ReadonlyMap<string, Set<Client>> | undefined;
}

/** Some of those who may pass a rule on a record. */
interface FoundAudiences {
  readonly audiences: Iterable<Audience>;
  /** Whether they are known to pass, and need not be asked. */
  readonly isSure: boolean;
}

/** What decides on the subscribers of one string. */
export interface AudienceRules {
  readonly rule: Access;
  /** Nothing where nobody's e-mail is in question. */
  readonly manageRule: Access | undefined;
  /** Superusers' filters may read who they are; others' do so in the list rules of what they join. */
  readonly filter: Access;
  /** Those that guard what is expanded and do not say the same of everybody; superusers are not asked. */
  readonly expandRules: readonly Access[];
  readonly options: SubscriptionOptions;
  /** The rows of other collections: what is read of an auth record depends on whether its collection is at hand. */
  readonly records: Records | undefined;
}

/** The subscribers of one string by audience: who is alike is decided once, and who may pass is found by value. */
export class Audiences {
  readonly #rules: AudienceRules;
  readonly #places = new Map<Client, Place>();
  /** By how the rule is for them; superusers, and all whom it does not tell apart, have no program. */
  readonly #parts = new Map<RuleProgram | "superusers" | "others", ProgramAudiences>();

  constructor(rules: AudienceRules, clients: Iterable<Client>) {
    this.#rules = rules;
    for (const client of clients) this.add(client);
  }

  get size(): number {
    let size = 0;
    for (const part of this.#parts.values()) size += part.size;
    return size;
  }

  /** Takes in a client under the identity that it has now. */
  add(client: Client): void {
    const { rule, filter, manageRule, expandRules, options, records } = this.#rules;
    const { identity } = client;
    const values = requestValues(identity, options);
    const isSuperuser = identity.kind === "superuser";
    const program = isSuperuser ? "superusers" : (programOf(rule, values, records) ?? "others");
    const part = this.#parts.get(program) ?? new ProgramAudiences(planOf(program));
    this.#parts.set(program, part);
    const second = isSuperuser ? filter : manageRule;
    const keyIn = (access: Access): string => keyBy(access, values, records);
    const keys = second === undefined ? [""] : [keyIn(second)];
    if (!isSuperuser && readsAuth(filter)) keys.push(keyIn(filter));
    const audience = part.enter(client, { values, records, secondKey: keys.join("\n\n") });
    const isTold = expandRules.length > 0 && !isSuperuser;
    const expandPart = isTold ? enterPart(audience, expandRules.map(keyIn).join("\n\n")) : undefined;
    expandPart?.clients.add(client);
    this.#places.set(client, { part, audience, expandPart });
  }

  remove(client: Client): void {
    const place = this.#places.get(client);
    if (place === undefined) return;
    this.#places.delete(client);
    const { part, audience, expandPart } = place;
    part.leave(client, audience);
    expandPart?.clients.delete(client);
    if (expandPart?.clients.size === 0) audience.expandParts?.delete(expandPart.key);
  }

  /** The audiences that may pass on a record; those that it leaves out are told by their values that they do not. */
  *find(subject: Subject): Iterable<FoundAudiences> {
    for (const part of this.#parts.values()) yield* part.find(subject);
  }
}

function programOf(
  access: Access,
  values: RequestValues,
  records: Records | undefined,
): RuleProgram | undefined {
  if (typeof access === "string" || !("programFor" in access)) return undefined;
  const program = access.programFor(values, records);
  return program === "refused" ? undefined : program;
}

function planOf(program: RuleProgram | string): AudiencePlan | undefined {
  return typeof program === "string" ? undefined : program.audiences;
}

/** Where a further rule has somebody; each auth collection has programs of its own. */
function keyBy(access: Access, values: RequestValues, records: Records | undefined): string {
  const key = programOf(access, values, records)?.audiences.keyOf(values, records);
  return key === undefined ? "" : `${String(values.auth?.["collectionId"])}\n${key}`;
}

interface KeyedAudience extends Audience {
  identity: Identity;
  request: RequestValues;
  clients: OneOrMore<Client> | undefined;
  readonly key: string;
  readonly pinKeys: readonly (readonly string[] | undefined)[];
  expandParts: Map<string, Set<Client>> | undefined;
  /** The last find that found it: none finds it twice. */
  find: number;
}

interface Place {
  readonly part: ProgramAudiences;
  readonly audience: KeyedAudience;
  readonly expandPart: ExpandPart | undefined;
}

/** Clients of one audience for whom the same is expanded. */
interface ExpandPart {
  readonly key: string;
  readonly clients: Set<Client>;
}

/** The part of an audience where somebody belongs. */
function enterPart(audience: KeyedAudience, key: string): ExpandPart {
  audience.expandParts ??= new Map();
  const clients = audience.expandParts.get(key) ?? new Set();
  audience.expandParts.set(key, clients);
  return { key, clients };
}

/** Who asks, as rules read it. */
interface Asker {
  readonly values: RequestValues;
  readonly records: Records | undefined;
  /** Where the further rules have them. */
  readonly secondKey: string;
}

/** The audiences for which the rule is the same program. */
class ProgramAudiences {
  readonly #plan: AudiencePlan | undefined;
  readonly #byKey = new Map<string, KeyedAudience>();
  readonly #pins: readonly PinIndex<KeyedAudience>[];
  #finds = 0;

  constructor(plan: AudiencePlan | undefined) {
    this.#plan = plan;
    this.#pins = Array.from({ length: plan?.slotCount ?? 0 }, () => new PinIndex());
  }

  get size(): number {
    return this.#byKey.size;
  }

  enter(client: Client, asker: Asker): KeyedAudience {
    const { values, records, secondKey } = asker;
    const key = `${this.#plan?.keyOf(values, records) ?? ""}\n\n${secondKey}`;
    const audience = this.#byKey.get(key) ?? this.#open(client.identity, key, asker);
    audience.clients = withOne(audience.clients, client);
    return audience;
  }

  leave(client: Client, audience: KeyedAudience): void {
    audience.clients = withoutOne(audience.clients, client);
    const [next] = allOf(audience.clients);
    // who has left is another now, or comes back as another: whoever is asked for all must be one of them
    if (next !== undefined && next.identity !== audience.identity) {
      audience.identity = next.identity;
      audience.request = requestValues(next.identity, audience.request);
    }
    if (next !== undefined) return;
    this.#byKey.delete(audience.key);
    for (const [slot, pins] of this.#pins.entries()) pins.remove(audience, audience.pinKeys[slot]);
  }

  find(subject: Subject): readonly FoundAudiences[] {
    const pins = this.#plan?.pinsOf(subject) ?? "everyone";
    if (pins === "everyone") return this.#everyone();
    this.#finds += 1;
    const sure: KeyedAudience[] = [];
    const asked: KeyedAudience[] = [];
    for (const pin of pins) {
      const index = this.#pins[pin.slot];
      const found = index?.find(pin);
      if (index === undefined || found === undefined) return this.#everyone();
      for (const audience of this.#news(found)) (pin.isSure(audience.request) ? sure : asked).push(audience);
      for (const audience of this.#news(index.unkeyed)) asked.push(audience);
    }
    return [
      { audiences: sure, isSure: true },
      { audiences: asked, isSure: false },
    ];
  }

  #everyone(): readonly FoundAudiences[] {
    return [{ audiences: this.#byKey.values(), isSure: false }];
  }

  /** Those that were not found before, once each. */
  #news(found: readonly KeyedAudience[]): readonly KeyedAudience[] {
    const news: KeyedAudience[] = [];
    for (const audience of found) {
      if (audience.find === this.#finds) continue;
      audience.find = this.#finds;
      news.push(audience);
    }
    return news;
  }

  #open(identity: Identity, key: string, { values, records }: Asker): KeyedAudience {
    const pinKeys = this.#plan?.pinKeysOf(values, records) ?? [];
    const audience: KeyedAudience = {
      // what every event reads stands first
      find: 0,
      clients: undefined,
      expandParts: undefined,
      request: values,
      identity,
      key,
      pinKeys,
    };
    this.#byKey.set(key, audience);
    for (const [slot, pins] of this.#pins.entries()) pins.add(audience, pinKeys[slot]);
    return audience;
  }
}
