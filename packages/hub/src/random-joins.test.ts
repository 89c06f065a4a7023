import {
  type CollectionSet,
  guest,
  type Identity,
  type JsonObject,
  parseSubscription,
} from "@sluice/protocol";
import { type CompiledRule, compileRule, RuleError, type RuleField, type RuleSchema } from "@sluice/rules";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { collectionSet, namesIn, openRecordingHub } from "../../../test/harness/recording-hub.ts";
import { collections as ruleCollections } from "../../../test/rules/collections.ts";
import { joinNames, ownNames, someRule } from "../../../test/rules/random-rule.ts";
import { someRecord, someRows } from "../../../test/rules/random-subject.ts";
import { RowTable } from "../../../test/rules/row-table.ts";

const authNames = ["id", "id", "id", "name", "team", "roles:each", "age"].map(
  (name) => `@request.auth.${name}`,
);

const ofRule = someRule({
  identifiers: [...joinNames, ...ownNames.slice(0, 15), ...authNames, ...authNames],
  calls: false,
});

const ofFilter = someRule({
  identifiers: [...joinNames.filter((name) => !name.startsWith("@")), ...ownNames.slice(0, 10)],
  calls: false,
});

const someListRule = fc.constantFrom(
  "",
  "",
  "@request.auth.id != ''",
  "id ?= @request.auth.team",
  "@request.auth.name = ''",
  "@collection.teams.members:each ?= @request.auth.id",
  "id > 'a'",
);

function exportedField({ name, type, multiple, hidden, target }: RuleField): JsonObject {
  const relation = target === undefined ? {} : { collectionId: `pbc_${target}` };
  return { name, type, hidden, maxSelect: multiple ? 9 : 1, ...relation };
}

/** The collections in PocketBase's export format: the list rule of the first is the rule in question. */
function exported(listRules: readonly string[]): readonly JsonObject[] {
  return ruleCollections.map(({ id, name, type, fields }, index) => ({
    id,
    name,
    type,
    listRule: listRules[index] ?? "",
    fields: fields.map(exportedField),
  }));
}

const someIdentity: fc.Arbitrary<Identity> = fc.oneof(
  fc.constant(guest),
  fc
    .tuple(fc.constantFrom("u1", "u2", "a", "b", "gone"), fc.constantFrom("users", "users", "staff"))
    .map(([id, name]) => ({
      kind: "record" as const,
      id,
      collectionId: `pbc_${name}`,
      collectionName: name,
      claims: { name: "token", team: "a" },
    })),
);

function tryCompile(
  text: string,
  collections: CollectionSet,
  kind: "rule" | "filter",
): CompiledRule | undefined {
  const schema: RuleSchema = { find: (key) => collections.find(key), all: () => collections };
  const collection = collections.find("posts");
  if (collection === undefined) return undefined;
  try {
    return compileRule(text, { schema, collection, kind });
  } catch (error) {
    if (error instanceof RuleError) return undefined;
    throw error;
  }
}

function some<T>(one: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> {
  return fc.array(one, { minLength: length, maxLength: length });
}

const someSample = fc.record({
  rule: ofRule,
  filters: some(fc.oneof(fc.constant(""), ofFilter), 3),
  listRules: some(someListRule, ruleCollections.length - 1),
  rows: someRows,
  identities: some(someIdentity, 10),
  records: some(someRecord, 3),
});

test(
  "P6: everybody gets what rule and filter let through over joined rows, whoever else is there",
  { timeout: 60_000 },
  () => {
    let delivered = 0;
    const check = fc.property(someSample, ({ rule, filters, listRules, rows, identities, records }) => {
      const { hub, records: store, subscribe, flush } = openRecordingHub();
      const all = exported([rule, ...listRules]);
      const collections = collectionSet(...all);
      hub.setCollections(collections);
      for (const [collectionId, own] of rows) {
        const load = store.begin(collectionId);
        for (const row of own) load.put(String(row["id"]), row);
        store.finish(collectionId, load);
      }
      const table = new RowTable(rows);
      const topics = filters.map((filter, index) => {
        return `posts/*?${index}&options=${encodeURIComponent(JSON.stringify({ query: { filter } }))}`;
      });
      const compiledRule = tryCompile(rule, collections, "rule");
      const compiledFilters = filters.map((filter) => tryCompile(filter, collections, "filter"));
      for (const [index, identity] of identities.entries()) subscribe(`c${index}`, topics, identity);
      for (const [index, fields] of records.entries()) {
        const record = Object.assign({}, fields, { id: `p${index}` });
        // not logged: the rows stay as they are
        hub.dispatchRecord({ kind: "record", action: "update", collection: "posts", record });
        const texts = flush();
        for (const [client, identity] of identities.entries()) {
          const expected = topics.filter((topic, which) => {
            const { query, headers } = parseSubscription(topic).options;
            const subject = {
              record,
              request: { auth: authOf(identity, table), query, headers },
              records: table,
              nowMs: Date.UTC(2026, 0, 1),
            };
            if (compiledRule?.decide(subject) !== true) return false;
            const filter = compiledFilters[which];
            return (
              filters[which] === "" || (filter?.superusersOnly === false && filter.decide(subject) === true)
            );
          });
          delivered += expected.length;
          expect(namesIn(texts[`c${client}`]).toSorted()).toEqual(expected.toSorted());
        }
      }
    });
    fc.assert(check, { numRuns: 250 });
    expect(delivered).toBeGreaterThan(500);
  },
);

/** Somebody's auth record as it is now; of one that is gone, no more than whose it was. */
function authOf(identity: Identity, rows: RowTable): JsonObject | undefined {
  if (identity.kind === "guest") return undefined;
  const { id, collectionId, collectionName } = identity;
  return { ...rows.get(collectionId, id), id, collectionId, collectionName };
}
