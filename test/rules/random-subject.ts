import type { RecordRow, RequestValues, RuleCollection, Subject } from "@sluice/rules";
import * as fc from "fast-check";
import { collections, posts } from "./collections.ts";
import { someText } from "./random-rule.ts";

/** A reading of the clock. */
const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const id = fc.constantFrom("", "u1", "u2", "a", "b");

const someNumber = fc.constantFrom(0, 1, 10, -1, 1.5, 1e20, 2_461_000.5);

const someJson = fc.oneof(
  fc.constantFrom(null, true, 10, "a", "", [], ["a", "b"], { a: "a", b: [1, { c: "b" }] }, { a: null }),
  fc.record({ a: fc.oneof(someText, someNumber), b: fc.array(someText, { maxLength: 2 }) }),
);

function valueOf(type: string, multiple: boolean): fc.Arbitrary<unknown> {
  if (multiple) return fc.array(fc.oneof(id, someText), { maxLength: 3 });
  switch (type) {
    case "number":
      return someNumber;
    case "bool":
      return fc.boolean();
    case "json":
      return someJson;
    case "geoPoint":
      return fc.record({ lon: someNumber, lat: fc.constantFrom(0, 45.5, -90) });
    case "relation":
      return id;
    case "date":
    case "autodate":
      return fc.constantFrom("", "2026-01-02 03:04:05.678Z", "2024-02-29 00:00:00.000Z");
    default:
      return someText;
  }
}

/** A record of the collection `posts`, some of whose fields may not be there. */
export const someRecord: fc.Arbitrary<Subject["record"]> = someRowOf(posts);

/** A row of a collection, some of whose fields may not be there. */
function someRowOf({ fields }: RuleCollection): fc.Arbitrary<RecordRow> {
  return fc.record(
    Object.fromEntries(fields.map(({ name, type, multiple }) => [name, valueOf(type, multiple)])),
    { requiredKeys: [] },
  );
}

/** Ids that {@link someRecord} refers to. */
const rowIds = ["u1", "u2", "a", "b"];

function someRowsOf(collection: RuleCollection): fc.Arbitrary<readonly RecordRow[]> {
  return fc
    .tuple(fc.subarray(rowIds), fc.array(someRowOf(collection), { minLength: 4, maxLength: 4 }))
    .map(([ids, rows]) => ids.map((rowId, index) => Object.assign({}, rows[index], { id: rowId })));
}

/** A few rows of each collection, by its id. */
export const someRows: fc.Arbitrary<ReadonlyMap<string, readonly RecordRow[]>> = fc
  .tuple(...collections.map(someRowsOf))
  .map((rows) => new Map(collections.map(({ id: key }, index) => [key, rows[index] ?? []])));

const claim = fc.oneof(someText, someNumber, fc.boolean(), fc.array(id, { maxLength: 3 }), someJson);

/** Somebody with an auth record in one of two collections, who may say little of it. */
const someAuth: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc
  .tuple(
    fc.constantFrom("users", "staff", "unknown"),
    id.filter((text) => text !== ""),
    fc.record(
      {
        email: someText,
        verified: fc.boolean(),
        name: claim,
        age: claim,
        active: claim,
        roles: claim,
        prefs: claim,
        other: claim,
      },
      { requiredKeys: [] },
    ),
  )
  .map(([name, authId, claims]) =>
    Object.assign({}, claims, { id: authId, collectionId: `pbc_${name}`, collectionName: name }),
  );

const texts = (...names: readonly string[]): fc.Arbitrary<Readonly<Record<string, string>>> =>
  fc.dictionary(fc.constantFrom(...names), someText);

/** A request of a guest or of somebody. */
export const someRequest: fc.Arbitrary<RequestValues> = fc.record({
  auth: fc.option(someAuth, { nil: undefined }),
  query: texts("a", "b", "total", "c"),
  headers: texts("x_token", "b"),
});

/** What a random rule is asked about. */
export const someSubject: fc.Arbitrary<Subject> = fc.record({
  record: someRecord,
  request: someRequest,
  nowMs: fc.constant(nowMs),
});
