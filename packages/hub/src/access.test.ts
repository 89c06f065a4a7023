import { guest } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import {
  collectionSet,
  namesIn,
  openRecordingHub,
  postEvent,
  posts,
  superuser,
  user,
  users,
} from "../../../test/harness/recording-hub.ts";

/** Longer than a LIKE pattern may be. */
const body = "x".repeat(50_001);

const ruled = {
  ...posts,
  fields: [
    ...posts.fields,
    { name: "body", type: "editor" },
    { name: "notes", type: "text", hidden: true },
    { name: "tags", type: "select", maxSelect: 3 },
    { name: "author", type: "relation", maxSelect: 1, collectionId: "users_id" },
  ],
};

const withOptions = (options: unknown): string =>
  `posts/*?options=${encodeURIComponent(JSON.stringify(options))}`;

const identities = { guest, user: user("p1"), superuser };

describe("a rule", () => {
  test.each<[rule: string | null, heardBy: string[], denied: string[]]>([
    [null, ["superuser"], ["rule", "rule"]],
    ["", ["guest", "user", "superuser"], []],
    ["id = 'p1'", ["guest", "user", "superuser"], []],
    ["id = 'p2'", ["superuser"], ["rule", "rule"]],
    ["@request.auth.id != ''", ["user", "superuser"], ["rule"]],
    ["id = @request.auth.id", ["user", "superuser"], ["rule"]],
    ["@request.auth.collectionName = 'users'", ["user", "superuser"], ["rule"]],
    ["title ~ 'T' && notes = 'n'", ["guest", "user", "superuser"], []],
    ["tags:each ?= 'b'", ["guest", "user", "superuser"], []],
    ["@request.auth.role = ''", ["guest", "superuser"], ["rule-undecidable"]],
    ["@request.auth.verified = true", ["superuser"], ["rule", "rule-undecidable"]],
    ["author.email = 'a@b.c'", ["superuser"], ["rule-undecidable", "rule-undecidable"]],
    ["posts_via_author.id = ''", ["superuser"], ["rule-refused", "rule-refused"]],
    ["@collection.users.id = 'u1'", ["superuser"], ["rule-undecidable", "rule-undecidable"]],
    ["nowhere = 1", ["superuser"], ["rule-refused", "rule-refused"]],
    [" ", ["superuser"], ["rule-refused", "rule-refused"]],
    ["broken (", ["superuser"], ["rule-refused", "rule-refused"]],
    ["title ~ body", ["superuser"], ["rule-failed", "rule-failed"]],
  ])("of %j is passed by %j, others are denied by %j", (listRule, heardBy, denials) => {
    const { hub, subscribe, flush, denied } = openRecordingHub([{ ...ruled, listRule }, users]);
    for (const [who, identity] of Object.entries(identities)) subscribe(who, ["posts/*"], identity);
    hub.dispatchRecord(
      postEvent("p1", { record: { id: "p1", author: "u1", title: "t", notes: "n", tags: ["a", "b"], body } }),
    );
    expect(Object.keys(flush())).toEqual(heardBy);
    expect(denied).toEqual(denials);
  });

  test("is asked about the row as it was when that is deleted", () => {
    const { hub, subscribe, flush } = openRecordingHub([{ ...ruled, listRule: "notes = 'old'" }, users]);
    subscribe("c1", ["posts/*"]);
    hub.dispatchRecord(postEvent("p1", { action: "delete", record: { id: "p1", notes: "old" } }));
    expect(namesIn(flush()["c1"])).toEqual(["posts/*"]);
  });

  test("reads the options of each subscription", () => {
    const { hub, subscribe, flush } = openRecordingHub([
      { ...ruled, listRule: "title = @request.query.t && @request.headers.x_token = 'abc'" },
      users,
    ]);
    const good = withOptions({ query: { t: "t" }, headers: { "X-Token": "abc" } });
    subscribe("c1", [good, withOptions({ query: { t: "t" } }), "posts/*"]);
    hub.dispatchRecord(postEvent());
    expect(namesIn(flush()["c1"])).toEqual([good]);
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

describe("a subscription's own filter", () => {
  test.each<[options: unknown, denial: string | undefined]>([
    [{ query: { filter: "title = 't'" } }, undefined],
    [{ query: { filter: "title = 'x'" } }, "filter"],
    [{ query: { filter: "notes = 'n'" } }, "filter-refused"],
    [{ query: { filter: "title = '@request.x'" } }, "filter-refused"],
    [{ query: { filter: "title = 't'", sort: "@collection.x" } }, "filter-refused"],
    [{ query: { filter: "author.email = 'a@b.c'" } }, "filter-undecidable"],
    [{ query: { filter: " " } }, "filter-refused"],
    [{ query: { filter: false } }, "filter-refused"],
    [{ query: { filter: "" } }, undefined],
    [{ query: { filter: null } }, undefined],
    [{ query: { Filter: "id = 1" } }, undefined],
    [{ headers: { filter: "id = 1" } }, undefined],
    [{ query: { fields: "id" } }, undefined],
  ])("of %j is denied by: %s", (options, denial) => {
    const { hub, subscribe, denied } = openRecordingHub([ruled, users]);
    subscribe("c1", [withOptions(options)]);
    hub.dispatchRecord(postEvent("p1", { record: { id: "p1", author: "u1", title: "t", notes: "n" } }));
    expect(denied).toEqual(denial === undefined ? [] : [denial]);
  });

  test("of a superuser may read the request, and no hidden field", () => {
    const { hub, subscribe, flush, denied } = openRecordingHub([ruled, users]);
    const good = withOptions({ query: { filter: "@request.auth.id = 'root'" } });
    const bad = withOptions({ query: { filter: "notes = 'n'" } });
    subscribe("c1", [good, bad], superuser);
    hub.dispatchRecord(postEvent("p1", { record: { id: "p1", notes: "n" } }));
    expect(namesIn(flush()["c1"])).toEqual([good]);
    expect(denied).toEqual(["filter-refused"]);
  });

  test("counts for superusers too, and for no other subscription", () => {
    const { hub, subscribe, flush, denied } = openRecordingHub();
    subscribe("c1", [withOptions({ query: { filter: "id = ''" } }), "posts/*"], superuser);
    hub.dispatchRecord(postEvent());
    expect(namesIn(flush()["c1"])).toEqual(["posts/*"]);
    expect(denied).toEqual(["filter"]);
  });

  test("is not looked at where the rule denies", () => {
    const { hub, subscribe, denied } = openRecordingHub([{ ...posts, listRule: null }]);
    subscribe("c1", [withOptions({ query: { filter: "id != ''" } })]);
    hub.dispatchRecord(postEvent());
    expect(denied).toEqual(["rule"]);
  });
});

describe("the manage rule", () => {
  test("shows e-mail addresses to whoever passes it", () => {
    const managed = {
      ...users,
      fields: [...users.fields, { name: "name", type: "text" }],
      manageRule: "name = @request.auth.id",
    };
    const { hub, subscribe, flush } = openRecordingHub([managed]);
    for (const id of ["u2", "u3"]) subscribe(id, ["users/*"], user(id));
    subscribe("guest", ["users/*"]);
    const record = { id: "u1", name: "u2", email: "a@b.c", emailVisibility: false };
    hub.dispatchRecord({ kind: "record", action: "update", collection: "users", record });
    const texts = flush();
    expect(
      Object.entries(texts)
        .filter(([, text]) => text.includes("a@b.c"))
        .map(([id]) => id),
    ).toEqual(["u2"]);
    expect(Object.keys(texts)).toHaveLength(3);
  });
});

test("loading collections tells what is broken or not meant in their rules, not that they take other rows", () => {
  const { hub } = openRecordingHub();
  const listRule = "title = 't' && author.email = 'a@b.c'";
  const warnings = hub.setCollections(
    collectionSet(
      { ...ruled, listRule, viewRule: "title = (id != '')" },
      { ...users, manageRule: "nowhere = 1" },
    ),
  );
  expect(warnings).toEqual([
    {
      collection: "posts",
      rule: "viewRule",
      position: 0,
      message: "what stands before this group counts for nothing: remove it",
    },
    {
      collection: "users",
      rule: "manageRule",
      position: 0,
      message: "this rule lets only superusers through: no field nowhere, at 0",
    },
  ]);
});
