import { guest, parseSubscription } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { denyByFilter, denyByRule, isDecidable } from "./access.ts";
import {
  collectionSet,
  namesIn,
  openRecordingHub,
  postEvent,
  posts,
  superuser,
  user,
} from "../../../test/harness/recording-hub.ts";

const identities = { guest, user: user("u1"), superuser };
const undecided = ["@request.auth.id != ''", "id = 'p1'", " ", "broken ("];

describe("a rule", () => {
  test.each<[rule: string | null, who: keyof typeof identities, denial: string | undefined]>([
    [null, "guest", "rule"],
    [null, "user", "rule"],
    [null, "superuser", undefined],
    ["", "guest", undefined],
    ["", "user", undefined],
    ["", "superuser", undefined],
    ...undecided.flatMap((rule): [string, keyof typeof identities, string | undefined][] => [
      [rule, "guest", "rule-undecidable"],
      [rule, "user", "rule-undecidable"],
      [rule, "superuser", undefined],
    ]),
  ])("of %j denies a %s by: %s", (rule, who, denial) => {
    expect(denyByRule(rule, identities[who])).toBe(denial);
  });

  test.each([null, "", ...undecided])("of %j is decidable only as null and empty text", (rule) => {
    expect(isDecidable(rule)).toBe(rule === null || rule === "");
  });

  test.each<[what: string, rules: object, subscription: string, passes: boolean]>([
    ["the view rule guards one record", { listRule: null }, "posts/p1", true],
    ["the view rule guards one record", { viewRule: null }, "posts/p1", false],
    ["the view rule guards it under the collection's id", { viewRule: null }, "posts_id/p1", false],
    ["the list rule guards all records", { viewRule: null }, "posts/*", true],
    ["the list rule guards all records", { listRule: null }, "posts/*", false],
    ["the list rule guards the bare collection", { listRule: null }, "posts", false],
    ["the list rule guards the collection's id", { listRule: null }, "posts_id", false],
  ])("%s: %j, %s", (_, rules, subscription, passes) => {
    const { hub, subscribe, flush, denied } = openRecordingHub([{ ...posts, ...rules }]);
    subscribe("c1", [subscription]);
    hub.dispatchRecord(postEvent("p1"));
    expect(namesIn(flush()["c1"])).toEqual(passes ? [subscription] : []);
    expect(denied).toEqual(passes ? [] : ["rule"]);
  });

  test("is decided for each client of a subscription", () => {
    const { hub, subscribe, flush, denied } = openRecordingHub([
      { ...posts, listRule: "@request.auth.id != ''" },
    ]);
    for (const [who, identity] of Object.entries(identities)) subscribe(who, ["posts/*"], identity);
    hub.dispatchRecord(postEvent());
    expect(Object.keys(flush())).toEqual(["superuser"]);
    expect(denied).toEqual(["rule-undecidable", "rule-undecidable"]);
  });

  test("that has changed holds for the next event", () => {
    const { hub, subscribe, flush } = openRecordingHub([{ ...posts, listRule: null }]);
    subscribe("c1", ["posts/*"]);
    hub.dispatchRecord(postEvent("p1"));
    hub.setCollections(collectionSet({ ...posts, listRule: "" }));
    hub.dispatchRecord(postEvent("p2"));
    expect(flush()["c1"]).toContain('"id":"p2"');
    hub.setCollections(collectionSet({ ...posts, listRule: null }));
    hub.dispatchRecord(postEvent("p3"));
    expect(flush()).toEqual({});
  });
});

const withOptions = (options: unknown): string =>
  `posts/*?options=${encodeURIComponent(JSON.stringify(options))}`;

describe("a subscription's own filter", () => {
  test.each<[options: unknown, denial: string | undefined]>([
    [{ query: { filter: "title = 't'" } }, "filter-undecidable"],
    [{ query: { filter: " " } }, "filter-undecidable"],
    [{ query: { filter: false } }, "filter-undecidable"],
    [{ query: { filter: "" } }, undefined],
    [{ query: { filter: null } }, undefined],
    [{ query: { Filter: "id = 1" } }, undefined],
    [{ headers: { filter: "id = 1" } }, undefined],
    [{ query: { fields: "id", expand: "author" } }, undefined],
  ])("of %j is denied by: %s", (options, denial) => {
    expect(denyByFilter(parseSubscription(withOptions(options)))).toBe(denial);
  });

  test("counts for superusers too, and for no other subscription", () => {
    const { hub, subscribe, flush, denied } = openRecordingHub();
    subscribe("c1", [withOptions({ query: { filter: "id != ''" } }), "posts/*"], superuser);
    hub.dispatchRecord(postEvent());
    expect(namesIn(flush()["c1"])).toEqual(["posts/*"]);
    expect(denied).toEqual(["filter-undecidable"]);
  });

  test("is not looked at where the rule denies", () => {
    const { hub, subscribe, denied } = openRecordingHub([{ ...posts, listRule: null }]);
    subscribe("c1", [withOptions({ query: { filter: "id != ''" } })]);
    hub.dispatchRecord(postEvent());
    expect(denied).toEqual(["rule"]);
  });
});
