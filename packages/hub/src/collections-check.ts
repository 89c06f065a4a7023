import type { CollectionSet } from "@sluice/protocol";
import { RuleError } from "@sluice/rules";
import { CollectionAccess, type RuleWarning } from "./collection-access.ts";

/** What the authors of collections should know of them. */
export interface CollectionsCheck {
  readonly remarks: readonly RuleRemark[];
  /** See {@link CollectionAccess.follows}. */
  readonly follows: ReadonlySet<string>;
}

/** Something about a rule. */
export interface RuleRemark extends RuleWarning {
  /** The rule. */
  readonly text: string;
  /** Whether the rule is broken: it lets only superusers through. */
  readonly isError: boolean;
}

/** Compiles all rules of collections, as a hub does that gets them. */
export function checkCollections(collections: CollectionSet): CollectionsCheck {
  const access = new CollectionAccess(collections, undefined);
  const remarks = access.warnings().map(({ collection: name, rule, position, message }) => {
    const collection = collections.find(name);
    const text = collection?.[rule] ?? "";
    const isError = collection !== undefined && access.rulesOf(collection)[rule] instanceof RuleError;
    return { collection: name, rule, position, message, text, isError };
  });
  return { remarks, follows: access.follows() };
}
