import { type Collection, CollectionSet, guest, type Identity } from "@sluice/protocol";
import { type CompiledRule, compileRule, type RequestValues, type Subject } from "@sluice/rules";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  openRecordingHub,
  postEvent,
  posts as exportedPosts,
  superuser,
  user,
  users,
} from "../../../test/harness/recording-hub.ts";
import { posts, schema } from "../../../test/rules/collections.ts";
import { ownNames, requestNames } from "../../../test/rules/random-rule.ts";
import { someRecord, someRequest } from "../../../test/rules/random-subject.ts";
import { decidableRule } from "../../../test/rules/try-compile.ts";

/** The collections of the random rules, `posts` under one of them. */
function collectionsWith(listRule: string): CollectionSet {
  const others = ["users", "staff", "teams", "cats", "comments"].flatMap((name) => schema.find(name) ?? []);
  return new CollectionSet([complete(posts, listRule), ...others.map((other) => complete(other, ""))]);
}

function complete(collection: typeof posts, rule: string): Collection {
  return Object.assign({ viewRule: rule, manageRule: null, follow: false }, collection, { listRule: rule });
}

function identityOf({ auth }: RequestValues): Identity {
  if (auth === undefined) return guest;
  const { id, collectionId, collectionName, ...claims } = auth;
  return {
    kind: "record",
    id: String(id),
    collectionId: String(collectionId),
    collectionName: String(collectionName),
    claims,
  };
}

const filters = [
  "",
  "",
  "title = 'a' || title = 'b'",
  "flag = true && status = 'a'",
  "tags:each ?= 'a'",
  "total > 0",
];

/** Rules in which somebody is pinned to a value, among others. */
const pinned = [
  "author = @request.auth.id || flag = true",
  "author = @request.auth.id && flag = true",
  "@request.auth.id != '' && (author = @request.auth.id || editors:each ?= @request.auth.id)",
  "editors ~ @request.auth.id || title = @request.auth.name",
  "@request.auth.roles:each ?= status",
  "tags:each = @request.auth.roles:each || @request.auth.age > total",
];

const someRule = fc.oneof(fc.constantFrom(...pinned), decidableRule([...ownNames, ...requestNames]));

const noOptions = { query: {}, headers: {} };

/** Whether the rules alone, without any look-up, let somebody have a record. */
function passes(rule: CompiledRule, filter: CompiledRule | undefined, subject: Subject): boolean {
  return rule.decide(subject) === true && (filter === undefined || filter.decide(subject) === true);
}

test("whom audiences and look-ups find are those who pass one by one: 100,000 decisions", () => {
  let [decided, passed] = [0, 0];
  fc.assert(
    fc.property(
      someRule,
      fc.constantFrom(...filters),
      fc.array(someRecord, { minLength: 8, maxLength: 8 }),
      fc.array(someRequest, { minLength: 12, maxLength: 12 }),
      (text, filterText, records, requests) => {
        const rule = compileRule(text, { schema, collection: posts, kind: "rule" });
        const filter =
          filterText === ""
            ? undefined
            : compileRule(filterText, { schema, collection: posts, kind: "filter" });
        const query = encodeURIComponent(JSON.stringify({ query: { filter: filterText } }));
        const { hub, subscribe, flush } = openRecordingHub([]);
        hub.setCollections(collectionsWith(text));
        for (const index of requests.keys()) {
          // with the audiences in use, everybody is somebody else before
          const before = index % 2 === 0 ? guest : identityOf(requests[index - 1] ?? noOptions);
          subscribe(`c${index}`, [`posts/*?options=${query}`], before);
        }
        subscribe("superuser", [`posts/*?options=${query}`], superuser);
        hub.dispatchRecord({
          kind: "record",
          action: "create",
          collection: "posts",
          record: { id: "first" },
        });
        flush();
        for (const [index, request] of requests.entries()) {
          subscribe(`c${index}`, [`posts/*?options=${query}`], identityOf(request));
        }
        for (const [index, record] of records.entries()) {
          const withId = Object.assign({}, record, { id: `r${index}` });
          hub.dispatchRecord({ kind: "record", action: "create", collection: "posts", record: withId });
          const heard = Object.keys(flush());
          const nowMs = Date.UTC(2026, 0, 1);
          const subjects = requests.map(({ auth }) => ({
            record: withId,
            request: { ...noOptions, auth },
            nowMs,
          }));
          const expected = subjects.flatMap((subject, who) =>
            passes(rule, filter, subject) ? [`c${who}`] : [],
          );
          const isForSuperusers =
            filter === undefined || filter.decide({ record: withId, request: noOptions, nowMs }) === true;
          expect(heard.toSorted()).toEqual(
            [...expected, ...(isForSuperusers ? ["superuser"] : [])].toSorted(),
          );
          decided += requests.length;
          passed += expected.length;
        }
      },
    ),
    { numRuns: 1_100 },
  );
  expect(decided).toBeGreaterThan(100_000);
  expect(passed).toBeGreaterThan(10_000);
}, 60_000);

test("P6: two tokens of one record without a row are two, where a rule computes with what they say", () => {
  const total = { name: "total", type: "number" };
  const listRule = "geoDistance(@request.auth.verified, 0, total, 0) < 1";
  const { hub, records, subscribe, flush } = openRecordingHub([
    { ...exportedPosts, listRule, fields: [...exportedPosts.fields, total] },
    users,
  ]);
  hub.finishLoad(users.id, records.begin(users.id));
  subscribe("verified", ["posts/*"], { ...user("u1"), claims: { verified: true } });
  subscribe("other", ["posts/*"], { ...user("u1"), claims: { verified: false } });
  hub.dispatchRecord(postEvent("p1", { record: { id: "p1", total: 1 } }));
  expect(Object.keys(flush())).toEqual(["verified"]);
});
