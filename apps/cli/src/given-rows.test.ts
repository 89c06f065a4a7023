import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callSluice } from "../../../test/harness/sluice-call.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-explain-"));
const file = (name: string): string => join(folder, name);

const listRule = "@collection.memberships.user ?= @request.auth.id && @collection.memberships.room ?= room";

function relation(name: string, collectionId: string) {
  return { name, type: "relation", collectionId };
}

beforeAll(() => {
  writeFileSync(
    file("collections.json"),
    JSON.stringify([
      { name: "users", id: "users", type: "auth", fields: [] },
      { name: "rooms", id: "rooms", fields: [{ name: "title", type: "text" }], viewRule: "" },
      { name: "memberships", fields: [relation("user", "users"), relation("room", "rooms")] },
      { name: "posts", listRule, fields: [relation("room", "rooms")] },
    ]),
  );
  writeFileSync(
    file("memberships"),
    '{"id":"m1","user":"u1","room":"r1"}\n\n{"id":"m2","user":"u2","room":"r2"}\n',
  );
  writeFileSync(file("rooms"), '{"id":"r1","title":"One"}\n');
  writeFileSync(file("broken"), '{"id":"m1"}\n{"id":\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

function explain(user: string, ...args: readonly string[]) {
  const event = '{"collection":"posts","action":"create","record":{"id":"p1","room":"r1"}}';
  const common = ["--collections", file("collections.json"), "--event", event];
  const who = ["--identity", JSON.stringify({ id: user, collectionName: "users" })];
  return callSluice(["explain", ...common, ...who, ...args]);
}

test("rules are decided over the rows that are given, and relations expanded", async () => {
  const rows = ["--rows", `memberships=${file("memberships")}`, "--rows", `rooms=${file("rooms")}`];
  const expanding = 'posts/*?options={"query":{"expand":"room"}}';
  expect((await explain("u1", ...rows, expanding)).stdout).toContain('"expand":{"room":{');
  expect((await explain("u2", ...rows, "posts/*")).stdout).toContain("not delivered, by the list rule");
});

test("of the rows that keep somebody from an event the nearest is named", async () => {
  const { stdout } = await explain("u2", "--rows", `memberships=${file("memberships")}`, "posts/*");
  expect(stdout).toContain(
    [
      "  @collection.memberships.room ?= room   is false",
      '    @collection.memberships.room is "r2", in memberships/m2',
      '    room is "r1"',
    ].join("\n"),
  );
  const none = await explain("u3", "--rows", `memberships=${file("memberships")}`, "posts/*");
  expect(none.stdout).toContain(
    [
      "  @collection.memberships.user ?= @request.auth.id   holds for no value",
      '    @collection.memberships.user is ["u1","u2"]',
    ].join("\n"),
  );
  const empty = await explain("u3", "--rows", "memberships=/dev/null", "posts/*");
  expect(empty.stdout).toContain(" is null: no row of memberships\n");
});

test("of more rows than one decision may look at it says that others were not", async () => {
  const rows = Array.from({ length: 11_000 }, (_, index) => ({
    id: `m${index}`,
    user: `u${index}`,
    room: "r1",
  }));
  const lines = [...rows, { id: "mine", user: "me", room: "r2" }].map((row) => `${JSON.stringify(row)}\n`);
  writeFileSync(file("many"), lines.join(""));
  const { stdout } = await explain("me", "--rows", `memberships=${file("many")}`, "posts/*");
  expect(stdout).toContain(
    '    @collection.memberships.room is "r2", in memberships/mine\n    room is "r1"\n',
  );
  expect(stdout).toContain(
    "    in the nearest of the rows that were looked at: there are too many to look at all\n",
  );
});

test("without them it says which are missing", async () => {
  const { stdout } = await explain("u1", "posts/*");
  expect(stdout).toContain("not delivered");
  expect(stdout).toContain("other collections");
});

test.each<[given: string, message: string, status: number]>([
  ["memberships", "--rows: expected COLLECTION=FILE, got memberships", 2],
  ["nowhere=rows", "--rows: expected a collection, got nowhere", 2],
  [`memberships=${file("nothing")}`, "no such file", 2],
  [`memberships=${file("broken")}`, "line 2: expected a row as JSON", 1],
])("of %s it says what was expected", async (given, message, status) => {
  const result = await explain("u1", "--rows", given);
  expect(result.stderr).toContain(message);
  expect(result.status).toBe(status);
});
