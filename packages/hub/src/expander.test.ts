import { guest, type Identity } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import {
  type Asking,
  type Collections,
  type Rows,
  rows,
  expandedCollections,
  openExpandingHub,
  topicWith,
  ask,
  expandOf,
  member,
} from "../../../test/harness/expanding-hub.ts";
import { superuser } from "../../../test/harness/recording-hub.ts";

/** How many different texts some subscribers of one string get. */
function textsFor(identities: readonly Identity[], expand: string, overrides: Collections = {}): number {
  const { hub, subscribe, flush, writes } = openExpandingHub(overrides);
  const known = writes.length;
  for (const [index, who] of identities.entries()) subscribe(`c${index}`, [topicWith({ expand })], who);
  const record = { id: "p1", author: "u1", tags: ["t2", "t1"] };
  hub.dispatchRecord({ kind: "record", action: "update", collection: "posts", record });
  flush();
  expect(writes.length - known).toBe(identities.length);
  return new Set(writes.slice(known).map(({ bytes }) => bytes)).size;
}

describe("the bytes of an expansion", () => {
  const members = Array.from({ length: 20 }, (_, index) => member(`u${index + 2}`));

  test.each<[what: string, viewRule: string, expected: number]>([
    ["the view rule lets everybody in", "", 1],
    ["the view rule lets them in alike", "@request.auth.id != ''", 1],
    ["the view rule lets one of them in", "@request.auth.id = 'u2'", 2],
    ["the view rule tells them apart and shows them the same", "@request.auth.id != 'u1'", 1],
  ])("P7: are shared where %s", (_, viewRule, expected) => {
    expect(textsFor(members, "tags,author", { tags: { viewRule }, users: { viewRule } })).toBe(expected);
  });

  test("P7: are shared by all but the auth record that is in it", () => {
    expect(textsFor([...members, member("u1"), member("u1"), guest], "author")).toBe(2);
    expect(textsFor([member("u1"), ...members, guest], "author.team,tags")).toBe(2);
    expect(textsFor([...members, superuser, superuser], "author")).toBe(2);
  });

  test("P7: are decided once for who is alike", () => {
    let reads = 0;
    const label = { get: () => String((reads += 1)), enumerable: true };
    const tags = [Object.defineProperty({ id: "t1" }, "label", label)];
    const viewRule = "@request.auth.id != '' && label != ''";
    const { hub, subscribe } = openExpandingHub({ tags: { viewRule } }, { tags });
    for (const [index, who] of [...members, guest].entries()) {
      subscribe(`c${index}`, [topicWith({ expand: "tags" })], who);
    }
    const record = { id: "p1", tags: ["t1"] };
    hub.dispatchRecord({ kind: "record", action: "update", collection: "posts", record });
    // by the rule for each of two audiences, and once where it is written
    expect(reads).toBeLessThanOrEqual(3);
  });

  test("P7: tell apart nobody whom the list rule does not", () => {
    const listRule = "@request.auth.role = parent";
    const viewRule = "@request.auth.id != id";
    // claims are what tokens say where no row does
    const followed = { tags: rows["tags"] ?? [] };
    const { hub, subscribe, denied } = openExpandingHub(
      { posts: { listRule }, tags: { viewRule } },
      followed,
    );
    for (let index = 0; index < 100; index++) {
      const who = { ...member(`m${index}`), claims: { role: `p${index % 10}` } };
      subscribe(`c${index}`, [topicWith({ expand: "tags" })], who);
    }
    const record = { id: "p1", parent: "p3", tags: ["t1"] };
    expect(hub.dispatchRecord({ kind: "record", action: "update", collection: "posts", record })).toBe(10);
    expect([hub.audienceCount, denied.length]).toEqual([10, 90]);
  });

  test("P6: change with who a subscriber is, with who leaves, and with the rules", () => {
    const viewRule = "@request.auth.id != ''";
    const { hub, subscribe, flush } = openExpandingHub({ tags: { viewRule } });
    const topic = topicWith({ expand: "tags", fields: "expand.tags.id" });
    const heard = (): readonly boolean[] => {
      const record = { id: "p1", tags: ["t1"] };
      hub.dispatchRecord({ kind: "record", action: "update", collection: "posts", record });
      const texts = flush();
      return ["c1", "c2", "c3"].flatMap((id) => texts[id]?.includes('"t1"') ?? []);
    };
    subscribe("c1", [topic], member("u1"));
    subscribe("c2", [topic]);
    subscribe("c3", [topic]);
    expect(heard()).toEqual([true, false, false]);
    subscribe("c2", [topic], member("u2"));
    expect(heard()).toEqual([true, true, false]);
    hub.remove("c1");
    expect(heard()).toEqual([true, false]);
    hub.setCollections(expandedCollections({ tags: { viewRule: "" } }));
    expect(heard()).toEqual([true, true]);
    hub.setCollections(expandedCollections({ tags: { viewRule: null } }));
    expect(heard()).toEqual([false, false]);
  });

  test("P6: nobody gets the e-mail of another who is in the same audience", () => {
    const { hub, subscribe, flush } = openExpandingHub();
    for (const id of ["u1", "u2"]) subscribe(id, [topicWith({ expand: "author" })], member(id));
    hub.dispatchRecord({
      kind: "record",
      action: "update",
      collection: "posts",
      record: { id: "p1", author: "u1" },
    });
    const texts = flush();
    expect([texts["u1"]?.includes("u1@x.org"), texts["u2"]?.includes("u1@x.org")]).toEqual([true, false]);
  });
});

const manyComments = (count: number): Rows => ({
  ...rows,
  posts: Array.from({ length: 100 }, (_, index) => ({ id: `p${index}`, parent: "p0" })),
  comments: Array.from({ length: count }, (_, index) => ({
    id: `c${index}`,
    post: `p${index % 100}`,
  })),
});

describe("P8: an expansion that costs too much", () => {
  test("by the rows that are looked at brings nothing, is counted, and leaves the event", () => {
    const followed = manyComments(9_990);
    const asking: Asking = { followed, record: { id: "p1", parent: "p0" } };
    const deep = ask("parent.posts_via_parent.comments_via_post", asking);
    expect(deep.json).toContain('"id":"p1"');
    expect(deep.json).not.toContain('"expand"');
    expect(deep.denied).toEqual(["expand-failed"]);
    expect(expandOf("parent.posts_via_parent", asking)).toMatch(/^\{"parent":/);
  });

  test("by its size brings nothing, is counted, and leaves the event", () => {
    const label = "x".repeat(1_000);
    const tags = Array.from({ length: 3 }, (_, index) => ({ id: `t${index}`, label: label.repeat(400) }));
    const record = { id: "p1", tags: tags.map(({ id }) => id) };
    const large = ask("tags", { followed: { ...rows, tags }, record });
    expect(large.json).toContain('"id":"p1"');
    expect(large.json).not.toContain('"expand"');
    expect(large.denied).toEqual(["expand-failed"]);
  });

  test("with what all others of an event cost brings nothing to those who come last", () => {
    const followed = manyComments(9_000);
    const viewRule = "@request.auth.id != id";
    const { hub, subscribe, flush, denied } = openExpandingHub({ comments: { viewRule } }, followed);
    const topic = topicWith({
      expand: "parent.posts_via_parent.comments_via_post",
      fields: "expand.parent.id",
    });
    for (let index = 0; index < 30; index++) subscribe(`c${index}`, [topic], member(`m${index}`));
    const record = { id: "p1", parent: "p0" };
    hub.dispatchRecord({ kind: "record", action: "update", collection: "posts", record });
    const texts = Object.values(flush());
    expect(texts).toHaveLength(30);
    expect(texts.filter((written) => written.includes('"expand"'))).toHaveLength(30 - denied.length);
    expect(denied.length).toBeGreaterThan(0);
    expect(denied.length).toBeLessThan(15);
  });

  test("by what is repeated in it is not written to be refused", () => {
    const again = Array.from({ length: 3 }, () => "parent.posts_via_parent").join(".");
    const { denied } = ask(again, {
      followed: manyComments(1),
      record: { id: "p1", parent: "p0" },
    });
    expect(denied).toEqual(["expand-failed"]);
  });
});
