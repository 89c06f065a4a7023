import { describe, expect, test } from "vitest";
import { parseEvent, readEvent } from "./record-event.ts";

const door = { maxBytes: 1_000 };

describe("a record event", () => {
  test("keeps its record as it came", () => {
    const record = { id: "p1", title: "é", nested: { a: [1, null] } };
    const text = JSON.stringify({
      collection: "posts",
      action: "update",
      record,
      before: { id: "p1" },
      more: 1,
    });
    expect(parseEvent(text, door)).toEqual({
      event: { kind: "record", action: "update", collection: "posts", record, before: { id: "p1" } },
    });
  });

  test.each([
    ["beside the action", { collection: "a", record: { collectionName: "b", collectionId: "c" } }, "a"],
    ["else by the record's collectionName", { record: { collectionName: "b", collectionId: "c" } }, "b"],
    ["else by its collectionId", { record: { collectionId: "c" } }, "c"],
    ["else by the channel", { record: {} }, "d"],
  ])("names its collection %s", (_where, { record, ...more }, collection) => {
    const text = JSON.stringify({ action: "create", record: { id: "p1", ...record }, ...more });
    expect(parseEvent(text, { ...door, collection: "d" })).toMatchObject({ event: { collection } });
  });

  test.each(["create", "update", "delete"])("may be a %s", (action) => {
    const value = { collection: "posts", action, record: { id: "p1" } };
    expect(readEvent(value)).toEqual({ event: { kind: "record", ...value } });
  });

  test("names its collection itself before the channel does", () => {
    const value = { collection: "posts", action: "create", record: { id: "p1" } };
    expect(readEvent(value, "audits")).toMatchObject({ event: { collection: "posts" } });
  });

  test("may say that there is no row before", () => {
    const text = JSON.stringify({
      collection: "posts",
      action: "create",
      record: { id: "p1" },
      before: null,
    });
    expect(parseEvent(text, door)).toEqual({
      event: { kind: "record", action: "create", collection: "posts", record: { id: "p1" } },
    });
  });
});

describe("a message", () => {
  test.each([
    [
      { topic: "news", data: { a: 1 } },
      { topic: "news", data: '{"a":1}', rule: "" },
    ],
    [{ topic: "news" }, { topic: "news", data: "", rule: "" }],
    [
      { topic: "news", data: null },
      { topic: "news", data: "null", rule: "" },
    ],
    [
      { topic: "news", data: "a\nb<" },
      { topic: "news", data: '"a\\nb\\u003c"', rule: "" },
    ],
    [
      { topic: "news", clientId: "c1", rule: null },
      { topic: "news", data: "", clientId: "c1", rule: null },
    ],
    [
      { topic: "news", rule: "a = 1" },
      { topic: "news", data: "", rule: "a = 1" },
    ],
    [
      { topic: "news?x=1", data: "" },
      { topic: "news?x=1", data: '""', rule: "" },
    ],
    [
      { topic: "news", data: 1.5, action: "create", record: { id: "p1" } },
      { topic: "news", data: "1.5", rule: "" },
    ],
  ])("%j", (value, event) => {
    expect(parseEvent(JSON.stringify(value), door)).toEqual({ event: { kind: "message", ...event } });
  });
});

test.each([
  ["", "expected JSON, got 0 characters of something else"],
  ["{", "expected JSON, got 1 characters of something else, broken at 1"],
  ['{"secret":"x"', "expected JSON, got 13 characters of something else, broken at 13"],
  ["secret", "expected JSON, got 6 characters of something else"],
  ["{} {}", "expected JSON, got 5 characters of something else, broken at 3"],
  ["[]", "expected an event object, got an array"],
  ["5", "expected an event object, got a number"],
  ["null", "expected an event object, got null"],
  ['"text"', "expected an event object, got a string"],
  ["{}", 'expected action "create", "update" or "delete", or a topic, got nothing'],
  ['{"action":"upsert"}', 'expected action "create", "update" or "delete", or a topic, got "upsert"'],
  ['{"action":"create"}', "expected record to be an object, got nothing"],
  ['{"action":null}', 'expected action "create", "update" or "delete", or a topic, got null'],
  ['{"action":"Create"}', 'expected action "create", "update" or "delete", or a topic, got "Create"'],
  ['{"action":"create","record":[]}', "expected record to be an object, got an array"],
  ['{"action":"create","record":null}', "expected record to be an object, got null"],
  [
    '{"action":"create","record":{"id":""}}',
    'expected record.id to be a non-empty string other than "*", got ""',
  ],
  [
    '{"action":"create","record":{}}',
    'expected record.id to be a non-empty string other than "*", got nothing',
  ],
  [
    '{"action":"create","record":{"id":7}}',
    'expected record.id to be a non-empty string other than "*", got 7',
  ],
  [
    '{"action":"create","record":{"id":"*"}}',
    'expected record.id to be a non-empty string other than "*", got "*"',
  ],
  ['{"action":"create","record":{"id":"p1"}}', "expected a collection name or id beside action, got nothing"],
  [
    '{"action":"create","collection":5,"record":{"id":"p1"}}',
    "expected a collection name or id beside action, got 5",
  ],
  [
    '{"action":"create","collection":"","record":{"id":"p1","collectionName":"a"}}',
    'expected a collection name or id beside action, got ""',
  ],
  [
    '{"action":"create","record":{"id":"p1","collectionName":{},"collectionId":"a"}}',
    "expected a collection name or id beside action, got an object",
  ],
  [
    '{"action":"update","collection":"a","record":{"id":"p1"},"before":"x"}',
    "expected before to be an object, got a string",
  ],
  [
    '{"action":"update","collection":"a","record":{"id":"p1"},"before":[]}',
    "expected before to be an object, got an array",
  ],
  ['{"topic":""}', 'expected topic to be a non-empty string, got ""'],
  ['{"topic":5}', "expected topic to be a non-empty string, got 5"],
  [
    '{"topic":null,"action":"create","record":{"id":"p1"}}',
    "expected topic to be a non-empty string, got null",
  ],
  ['{"topic":"PB_CONNECT"}', 'expected a topic that is not reserved, got "PB_CONNECT"'],
  ['{"topic":"@oauth2"}', 'expected a topic that is not reserved, got "@oauth2"'],
  ['{"topic":"@"}', 'expected a topic that is not reserved, got "@"'],
  ['{"topic":"a","clientId":5}', "expected clientId to be a non-empty string, got 5"],
  ['{"topic":"a","clientId":""}', 'expected clientId to be a non-empty string, got ""'],
  ['{"topic":"a","clientId":null}', "expected clientId to be a non-empty string, got null"],
  ['{"topic":"a","rule":{}}', "expected rule to be a string or null, got an object"],
  ['{"topic":"a","rule":5}', "expected rule to be a string or null, got a number"],
])("%s is malformed: %s", (text, reason) => {
  expect(parseEvent(text, door)).toEqual({ malformed: reason });
});

const hidden = { id: "p1", password: "secret", list: ["secret"] };

test.each([
  JSON.stringify({ action: "create", collection: "a", record: hidden }).slice(0, -1),
  JSON.stringify({ record: hidden }).replace('"record"', "record"),
  `secret`,
  JSON.stringify({ action: hidden, collection: "a", record: hidden }),
  JSON.stringify({ action: [hidden], collection: "a", record: hidden }),
  JSON.stringify({ action: "create", record: hidden }),
  JSON.stringify({ action: "create", collection: hidden, record: hidden }),
  JSON.stringify({ action: "create", collection: "a", record: [hidden] }),
  JSON.stringify({ action: "create", collection: "a", record: { ...hidden, id: hidden } }),
  JSON.stringify({ action: "update", collection: "a", record: hidden, before: ["secret"] }),
  JSON.stringify({ topic: hidden, data: hidden }),
  JSON.stringify({ topic: "news", data: hidden, clientId: hidden }),
  JSON.stringify({ topic: "news", data: hidden, rule: hidden }),
])("what is said of %s repeats nothing of a record", (text) => {
  const parsed = parseEvent(text, door);
  expect(parsed).toHaveProperty("malformed");
  expect(JSON.stringify(parsed)).not.toContain("secret");
});

test.each([
  [999, true],
  [1_000, false],
  [200_000, false],
])("an event with arrays %i deep in its data is well-formed: %s", (levels, isWellFormed) => {
  const text = `{"topic":"t","data":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  const parsed = parseEvent(text, { maxBytes: 1_000_000 });
  const reason = "expected at most 1000 objects and arrays inside each other, got more";
  expect("malformed" in parsed ? parsed.malformed : undefined).toBe(isWellFormed ? undefined : reason);
});

test.each([
  ["a", 1_000, true],
  ["a", 1_001, false],
  ["é", 500, true],
  ["é", 501, false],
  ["\u{1f600}", 250, true],
  ["\u{1f600}", 251, false],
])("the limit counts UTF-8 bytes: %s, %i times", (character, count, fits) => {
  const shell = JSON.stringify({ topic: "t", data: "" });
  const text = JSON.stringify({ topic: "t", data: character.repeat(count) });
  const parsed = parseEvent(text, { maxBytes: 1_000 + shell.length });
  const malformed = "malformed" in parsed ? parsed.malformed : undefined;
  expect(malformed).toBe(fits ? undefined : `expected at most ${1_000 + shell.length} bytes, got more`);
});
