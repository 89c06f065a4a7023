import type { Collection, CollectionSet } from "@sluice/protocol";
import { CompiledRule, type Records, RuleError, type RuleSchema } from "@sluice/rules";
import { type Access, prepareFilter, prepareRule } from "./access.ts";
import { remarksOn } from "./rule-remarks.ts";

/** Something about a collection's rule that its author should know. */
export interface RuleWarning {
  readonly collection: string;
  readonly rule: "listRule" | "viewRule" | "manageRule";
  /** Where in the rule's text, in UTF-16 units from 0. */
  readonly position: number;
  readonly message: string;
}

/** A collection's rules, ready to be asked. */
export interface PreparedRules {
  readonly listRule: Access;
  readonly viewRule: Access;
  readonly manageRule: Access;
}

/** The rules of a collection whose rows are expanded in others' events: `@request.context` is `expand` to them. */
export interface ExpandRules {
  readonly viewRule: Access;
  /** Superusers alone where there are no e-mail addresses. */
  readonly manageRule: Access;
}

interface CollectionSchema extends RuleSchema {
  readonly find: (nameOrId: string) => Collection | undefined;
}

const ruleNames = ["listRule", "viewRule", "manageRule"] as const;

/**
 * What is to be said of a collection's rules before they are taken.
 * @param collections all of them, the collection among them
 */
export function checkRules(
  collections: CollectionSet,
  collection: Collection,
): readonly (Omit<RuleWarning, "collection"> & { readonly isBroken: boolean })[] {
  const rules = new CollectionAccess(collections, undefined).rulesOf(collection);
  return ruleNames.flatMap((rule) => {
    const access = rules[rule];
    const isBroken = access instanceof RuleError;
    const remarks = isBroken ? [access] : remarksOn(access);
    return remarks.map(({ position, message }) => ({ rule, position, message, isBroken }));
  });
}

/** The rules of all collections, compiled once when they are loaded, and the filters on them, once each. */
export class CollectionAccess {
  /** The rows of other collections that they may ask for. */
  readonly records: Records | undefined;
  readonly #schema: CollectionSchema;
  readonly #rules = new Map<Collection, PreparedRules>();
  readonly #expandRules = new Map<Collection, ExpandRules>();
  /** By collection and text; a filter lives for as long as a subscription has it. */
  readonly #filters = new WeakMap<object, Access>();

  constructor(collections: CollectionSet, records: Records | undefined) {
    this.records = records;
    const byName = new Map([...collections].map((collection) => [collection.name.toLowerCase(), collection]));
    const find = (key: string): Collection | undefined =>
      collections.find(key) ?? byName.get(key.toLowerCase());
    this.#schema = { find, all: () => collections };
    for (const collection of collections) {
      const prepare = (rule: string | null): Access => prepareRule(rule, this.#schema, { collection });
      const { listRule, viewRule, manageRule } = collection;
      this.#rules.set(collection, {
        listRule: prepare(listRule),
        viewRule: prepare(viewRule),
        manageRule: prepare(manageRule),
      });
    }
  }

  rulesOf(collection: Collection): PreparedRules {
    return (
      this.#rules.get(collection) ?? {
        listRule: "superusers",
        viewRule: "superusers",
        manageRule: "superusers",
      }
    );
  }

  /** A collection by its name, in any case, or its id. */
  find(nameOrId: string): Collection | undefined {
    return this.#schema.find(nameOrId);
  }

  expandRulesOf(collection: Collection): ExpandRules {
    const known = this.#expandRules.get(collection);
    if (known !== undefined) return known;
    const { viewRule, manageRule } = this.rulesOf(collection);
    const prepare = (rule: string | null, access: Access): Access =>
      rule?.includes("@request.context") === true
        ? prepareRule(rule, this.#schema, { collection, context: "expand" })
        : access;
    const rules: ExpandRules = {
      viewRule: prepare(collection.viewRule, viewRule),
      manageRule: collection.type === "auth" ? prepare(collection.manageRule, manageRule) : "superusers",
    };
    this.#expandRules.set(collection, rules);
    return rules;
  }

  /**
   * A filter on a collection, compiled once for its holder.
   * @param holder what has the filter, such as a subscription; it has it on one collection only
   */
  filterOf(holder: object, filter: string, collection: Collection): Access {
    const known = this.#filters.get(holder);
    if (known !== undefined) return known;
    const prepared = prepareFilter(filter, this.#schema, collection);
    this.#filters.set(holder, prepared);
    return prepared;
  }

  /**
   * The collections, by id, whose rows are to be at hand: those that rules take, auth collections with a secret, whose rows
   * have the keys of their tokens, and those that say so themselves, for what subscribers ask for with `expand` and filters.
   */
  follows(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const [collection, { listRule, viewRule, manageRule }] of this.#rules) {
      if (collection.follow || collection.authSecret !== undefined) ids.add(collection.id);
      for (const access of [listRule, viewRule, manageRule]) this.#addFollowed(ids, access);
    }
    return ids;
  }

  #addFollowed(ids: Set<string>, access: Access): void {
    if (!(access instanceof CompiledRule)) return;
    for (const id of access.follows) ids.add(id);
    if (!access.followsAuth) return;
    for (const { id, type } of this.#rules.keys()) if (type === "auth") ids.add(id);
  }

  /** What the authors of the rules should know: what is broken, what is not meant. */
  warnings(): readonly RuleWarning[] {
    return [...this.#rules].flatMap(([{ name }, rules]) =>
      ruleNames.flatMap((rule) =>
        remarksOn(rules[rule]).map(({ position, message }) => ({
          collection: name,
          rule,
          position,
          message,
        })),
      ),
    );
  }
}
