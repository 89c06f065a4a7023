import type { Collection, CollectionSet } from "@sluice/protocol";
import type { Records, RuleSchema } from "@sluice/rules";
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

const ruleNames = ["listRule", "viewRule", "manageRule"] as const;

/** The rules of all collections, compiled once when they are loaded, and the filters on them, once each. */
export class CollectionAccess {
  /** The rows of other collections that they may ask for. */
  readonly records: Records | undefined;
  readonly #schema: RuleSchema;
  readonly #rules = new Map<Collection, PreparedRules>();
  /** By collection and text; a filter lives for as long as a subscription has it. */
  readonly #filters = new WeakMap<object, Access>();

  constructor(collections: CollectionSet, records: Records | undefined) {
    this.records = records;
    const byName = new Map([...collections].map((collection) => [collection.name.toLowerCase(), collection]));
    this.#schema = { find: (key) => collections.find(key) ?? byName.get(key.toLowerCase()) };
    for (const collection of collections) {
      const prepare = (rule: string | null): Access => prepareRule(rule, this.#schema, collection);
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

  /** What the authors of the rules should know: what is broken, what cannot be decided, what is not meant. */
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
