import { guest, type Identity, type JsonObject, parseSubscription } from "@sluice/protocol";
import type { CompiledRule, RequestValues, RuleField } from "@sluice/rules";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { namesIn, openRecordingHub, superuser } from "../../../test/harness/recording-hub.ts";
import { posts, schema } from "../../../test/rules/collections.ts";
import { ownNames, requestNames, type RuleWords, someRule } from "../../../test/rules/random-rule.ts";
import { someRecord, someRequest } from "../../../test/rules/random-subject.ts";
import { tryCompile } from "../../../test/rules/try-compile.ts";

/** A collection in PocketBase's export format. */
function exported(name: string, listRule: string): JsonObject {
  const { id, type, fields } = schema.find(name) ?? posts;
  return { id, name, type, listRule, viewRule: null, fields: fields.map(exportedField) };
}

function exportedField({ name, type, multiple, hidden }: RuleField): JsonObject {
  return { name, type, hidden, maxSelect: multiple ? 9 : 1 };
}

function identityOf({ auth }: RequestValues): Identity {
  if (auth === undefined) return guest;
  const { id, collectionId, collectionName, ...claims } = auth;
  const texts = {
    id: String(id),
    collectionId: String(collectionId),
    collectionName: String(collectionName),
  };
  return { kind: "record", ...texts, claims };
}

const words: RuleWords = { identifiers: [...requestNames, ...ownNames], calls: false };

const someIdentities = fc.array(someRequest.map(identityOf), { minLength: 12, maxLength: 12 });

/** Filters of the subscriptions that all clients have. */
const someFilters = fc.array(fc.oneof(fc.constant(""), someRule(words)), { minLength: 4, maxLength: 4 });

const someSample = fc.record({
  rule: someRule(words),
  filters: someFilters,
  options: fc.record({ a: fc.constantFrom("a", "u1"), total: fc.constantFrom("1", "10") }),
  before: someIdentities,
  after: someIdentities,
  records: fc.array(someRecord, { minLength: 3, maxLength: 3 }),
});

test("everybody gets what rule and filter let through, whoever else is there", { timeout: 60_000 }, () => {
  const check = fc.property(someSample, ({ rule, filters, options, before, after, records }) => {
    const { hub, subscribe, flush } = openRecordingHub([
      exported("posts", rule),
      exported("users", ""),
      exported("staff", ""),
    ]);
    const strings = filters.map((filter, index) => {
      const written = encodeURIComponent(JSON.stringify({ query: { ...options, filter } }));
      return `posts/*?${index}&options=${written}`;
    });
    const setAll = (identities: readonly Identity[], subscriptions: readonly string[]): void => {
      for (const [index, identity] of identities.entries()) subscribe(`c${index}`, subscriptions, identity);
    };
    const checkAll = (identities: readonly Identity[], subscriptions: readonly string[]): void => {
      for (const [index, fields] of records.entries()) {
        const record = { ...fields, id: `p${index}` };
        hub.dispatchRecord({ kind: "record", action: "update", collection: "posts", record });
        const texts = flush();
        const got = identities.map((_, client) => namesIn(texts[`c${client}`]).toSorted());
        const expected = identities.map((identity) =>
          subscriptions.filter((raw) => mayHave(raw, identity, { rule, record })).toSorted(),
        );
        expect(got).toEqual(expected);
      }
    };
    setAll(before, strings.slice(1));
    checkAll(before, strings.slice(1));
    // the same clients under other identities, with one string more
    setAll([...after, superuser], strings);
    checkAll([...after, superuser], strings);
  });
  fc.assert(check, { numRuns: 150 });
});

interface Guarded {
  readonly rule: string;
  readonly record: JsonObject;
}

/** Whether a subscriber is to have a record, decided for this one alone. */
function mayHave(raw: string, identity: Identity, { rule, record }: Guarded): boolean {
  const { query, headers } = parseSubscription(raw).options;
  const { kind, claims = {}, ...auth } = { claims: undefined, ...identity };
  const request = { auth: kind === "guest" ? undefined : { ...claims, ...auth }, query, headers };
  const subject = { record, request, nowMs: Date.UTC(2026, 0, 1) };
  const isSuperuser = kind === "superuser";
  if (!isSuperuser && compiled(rule, "rule")?.decide(subject) !== true) return false;
  const { filter = "" } = query;
  if (filter === "") return true;
  const access = compiled(filter, "filter");
  return access?.decide(subject) === true && (isSuperuser || !access.superusersOnly);
}

/** A rule or filter compiled; nothing for one that is refused. */
function compiled(text: string, kind: "rule" | "filter"): CompiledRule | undefined {
  const rule = tryCompile(text, kind);
  return typeof rule === "string" ? undefined : rule;
}
