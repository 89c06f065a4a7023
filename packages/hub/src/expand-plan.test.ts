import { type JsonObject } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import {
  type Asking,
  rows,
  openExpandingHub,
  topicWith,
  ask,
  expandOf,
  publicAnn,
  one,
  two,
  team,
  first,
  second,
  text,
  relation,
  withExpand,
} from "../../../test/harness/expanding-hub.ts";

const indexed = (index: string): Asking => ({ overrides: { comments: { indexes: [index] } } });

describe("expand", () => {
  test("P1: stands among the record's keys in their order, and every row has all its fields", () => {
    expect(ask("author").json).toBe(
      `{"author":"u1","collectionId":"posts","collectionName":"posts","expand":{"author":${publicAnn}},"id":"p1","parent":"","tags":["t2","t1"]}`,
    );
  });

  test.each<[what: string, expand: string, expected: string | undefined]>([
    ["a single relation is an object", "author", `{"author":${publicAnn}}`],
    ["a multiple relation is an array in stored order", "tags", `{"tags":[${two},${one}]}`],
    ["several paths, the keys sorted", "tags,author", `{"author":${publicAnn},"tags":[${two},${one}]}`],
    ["an empty relation leaves an empty expand", "parent", "{}"],
    ["no path leaves no key", " , .", undefined],
    ["a path of two steps", "author.team", `{"author":${withExpand(publicAnn, `{"team":${team}}`)}}`],
    [
      "a path and its beginning",
      "author,author.team",
      `{"author":${withExpand(publicAnn, `{"team":${team}}`)}}`,
    ],
    ["a back relation is an array", "comments_via_post", `{"comments_via_post":[${first},${second}]}`],
    ["the old form of a back relation", "comments(post)", `{"comments(post)":[${first},${second}]}`],
    ["a collection in another case", "COMMENTS_via_post", `{"COMMENTS_via_post":[${first},${second}]}`],
    ["a back relation of a multiple field", "comments_via_also", `{"comments_via_also":[${second}]}`],
    ["a field that is not there contributes nothing", "nowhere", undefined],
    ["a field that is no relation contributes nothing", "id", undefined],
    ["a path that fails does not take others with it", "nowhere,tags", `{"tags":[${two},${one}]}`],
    ["a path that fails at its end drops its first level", "author.nowhere", undefined],
    [
      "a path that fails leaves what another path has of its first level",
      "author.nowhere,author.team",
      `{"author":${withExpand(publicAnn, `{"team":${team}}`)}}`,
    ],
    ["what would fail behind no row does not", "parent.nowhere", "{}"],
    ["a back relation of an unknown collection", "nowhere_via_post", undefined],
    ["a back relation by no relation", "comments_via_id", undefined],
    ["a back relation that points elsewhere", "users_via_team", undefined],
    ["a step between two dots is none", "author..team", undefined],
  ])("P1: %s: expand=%s", (_, expand, expected) => {
    expect(expandOf(expand)).toBe(expected);
  });

  test("P1: ids that lead to no row are skipped, and each is there once", () => {
    const record = { id: "p1", author: "u9", tags: ["t9", "t1", "", "t1", 5, "t2"] };
    expect(expandOf("author,tags", { record })).toBe(`{"tags":[${one},${two}]}`);
  });

  test("P1: a back relation by a field with a unique index is an object", () => {
    const unique = indexed("CREATE UNIQUE INDEX `i` ON `comments` (`post`)");
    expect(expandOf("comments_via_post", unique)).toBe(`{"comments_via_post":${first}}`);
    for (const index of [
      "CREATE INDEX i ON comments (post)",
      "CREATE UNIQUE INDEX i ON comments (post, also)",
    ]) {
      expect(expandOf("comments_via_post", indexed(index))).toBe(
        `{"comments_via_post":[${first},${second}]}`,
      );
    }
  });

  test("P1: a back relation has at most 1,000 rows", () => {
    const comments = Array.from({ length: 1_002 }, (_, index) => ({ id: `c${index}`, post: "p1" }));
    const found = expandOf("comments_via_post", { followed: { ...rows, comments } });
    expect(JSON.parse(found ?? "{}").comments_via_post).toHaveLength(1_000);
  });

  test("P1: what is deeper than 6 levels is ignored", () => {
    const posts = Array.from({ length: 9 }, (_, index) => ({ id: `p${index}`, parent: `p${index + 1}` }));
    const path = Array.from({ length: 8 }, () => "parent").join(".");
    const record = { id: "p0", parent: "p1" };
    const found = expandOf(path, { followed: { posts }, record });
    expect(found?.match(/"id":"p\d"/g)).toEqual(
      ["p6", "p5", "p4", "p3", "p2", "p1"].map((id) => `"id":"${id}"`),
    );
  });

  test("P1: two paths meet in one row", () => {
    const overrides = {
      users: { fields: [text("id"), relation("team", "teams"), relation("tags", "tags", 2)] },
    };
    const users = [{ id: "u1", team: "m1", tags: ["t1"] }];
    const found = expandOf("author.team,author.tags", { overrides, followed: { ...rows, users } });
    expect(found).toContain(`"expand":{"tags":[${one}],"team":${team}}`);
  });

  test("fields pick within it", () => {
    const query = { fields: "id,expand.author.id,expand.tags.label:excerpt(2)" };
    expect(ask("author,tags", { query }).json).toBe(
      '{"expand":{"author":{"id":"u1"},"tags":[{"label":"tw"},{"label":""}]},"id":"p1"}',
    );
    expect(ask("author", { query: { fields: "id" } }).json).toBe('{"id":"p1"}');
    expect(ask("parent", { query: { fields: "id,expand" } }).json).toBe('{"expand":{},"id":"p1"}');
  });
});

describe("rows", () => {
  test("are expanded as they are at the event's place in the log", () => {
    const { hub, subscribe, flush } = openExpandingHub();
    subscribe("c1", [topicWith({ expand: "tags", fields: "expand" })]);
    const log = (
      collection: string,
      action: "update" | "delete",
      record: JsonObject & { id: string },
    ): void => {
      hub.dispatchRecord({ kind: "record", action, collection, record }, "1-0");
    };
    log("tags", "update", { id: "t1", label: "new" });
    log("posts", "update", { id: "p1", tags: ["t1"] });
    log("tags", "delete", { id: "t1", label: "new" });
    log("posts", "update", { id: "p1", tags: ["t1"] });
    const [earlier, later] = flush()["c1"]?.match(/^data:.*$/gm) ?? [];
    expect(earlier).toContain('"label":"new"');
    expect(later).toBe('data:{"record":{"expand":{}},"action":"update"}');
  });

  test("of a deleted record are expanded as they were", () => {
    const { hub, subscribe, flush } = openExpandingHub();
    subscribe("c1", [
      topicWith({
        expand: "comments_via_post,author",
        fields: "expand.author.id,expand.comments_via_post.id",
      }),
    ]);
    const record = { id: "p1", author: "u1" };
    hub.dispatchRecord({ kind: "record", action: "delete", collection: "posts", record }, "1-0");
    expect(flush()["c1"]).toContain(
      '{"record":{"expand":{"author":{"id":"u1"},"comments_via_post":[{"id":"c1"},{"id":"c2"}]}},"action":"delete"}',
    );
  });
});
