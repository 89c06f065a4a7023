import { rootAt } from "./join-node.ts";
import { parse } from "./parser.ts";
import { RuleError } from "./rule-error.ts";
import { type GuardedJoin, Scope } from "./scope.ts";
import type { Group } from "./syntax.ts";
import type { Term } from "./term.ts";

/**
 * What a filter takes beside its own text: of all that it joins, that whoever asks may list it, or that it is not there.
 * @param compile compiles a group of comparisons in a scope
 * @throws {RuleError} where a list rule is broken
 */
export function listRuleTerms(scope: Scope, compile: (scope: Scope, group: Group) => Term): readonly Term[] {
  return scope.guardedJoins.map((join) => {
    try {
      return listRuleTerm(scope, join, compile);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      throw new RuleError(
        error.code,
        `the list rule of ${join.collection.name}: ${error.message}`,
        join.start,
      );
    }
  });
}

function listRuleTerm(
  scope: Scope,
  { collection, listRule, place, start }: GuardedJoin,
  compile: (scope: Scope, group: Group) => Term,
): Term {
  const { schema, authCollection, isAuthFollowed } = scope;
  const text = `id = '' || (${listRule})`;
  const origin = { name: `${place.path}listRule `, listRule: { text, start } };
  const within = new Scope(
    { schema, collection, kind: "rule" },
    { collection: authCollection, isFollowed: isAuthFollowed },
    { scope, root: rootAt(place), origin },
  );
  return compile(within, parse(text).group);
}
