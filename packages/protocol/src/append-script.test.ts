import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { appendArguments, appendScript, appendScriptSha1 } from "./append-script.ts";
import { keptRowOf } from "./kept-row.ts";
import { readEvent } from "./record-event.ts";

test("the script is called by its own hash", () => {
  expect(createHash("sha1").update(appendScript).digest("hex")).toBe(appendScriptSha1);
});

test("each event is four arguments behind the prefix", () => {
  const kept = { text: "one", row: { collection: "posts", id: "p1", json: "{}" } };
  const gone = { text: "two", row: { collection: "posts", id: "p1", json: undefined } };
  expect(appendArguments("x:", [kept, gone, { text: "three" }])).toEqual({
    keys: ["x:log", "x:followed"],
    args: ["x:", "one", "posts", "p1", "{}", "two", "posts", "p1", "", "three", "", "", ""],
  });
});

test.each([
  ["create", { collection: "posts", id: "p1", json: '{"id":"p1","n":1.5}' }],
  ["update", { collection: "posts", id: "p1", json: '{"id":"p1","n":1.5}' }],
  ["delete", { collection: "posts", id: "p1", json: undefined }],
])("a %s says what becomes of its row", (action, row) => {
  const read = readEvent({ action, collection: "posts", record: { id: "p1", n: 1.5 } });
  expect("event" in read && keptRowOf(read.event)).toEqual(row);
});

test.each([
  ["a message", { topic: "news" }],
  ["a record whose id begins with @", { action: "create", collection: "posts", record: { id: "@seeded" } }],
])("%s says nothing of a row", (_what, value) => {
  const read = readEvent(value);
  expect("event" in read && keptRowOf(read.event)).toBeUndefined();
});

test("docs/redis.md has its hash", () => {
  const document = readFileSync(new URL("../../../docs/redis.md", import.meta.url), "utf8");
  expect(document).toContain(`\`EVALSHA\` calls it \`${appendScriptSha1}\`.`);
});
