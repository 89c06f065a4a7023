import { encodeSortedJson, type JsonObject } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { parseFields } from "./field-picker.ts";

const record = {
  id: "123",
  title: "lorem",
  rel: { id: "456", title: "<p>rel_title</p>", sub: { id: "789", title: "sub" } },
  list: [{ b: 1, a: 2 }, { a: 3 }],
  words: ["x", "y"],
};

function pick(fields: string, from: JsonObject = record): unknown {
  const picker = parseFields(fields);
  return picker === undefined ? "all" : picker(from);
}

describe("picked fields", () => {
  test.each<[fields: string, picked: unknown]>([
    ["id", { id: "123" }],
    ["id,title", { id: "123", title: "lorem" }],
    [" id ,\ttitle\n", { id: "123", title: "lorem" }],
    ["id,,title,", { id: "123", title: "lorem" }],
    ["unknown", {}],
    ["unknown,id.x", { id: "123" }],
    ["*", record],
    ["*,rel.id", { ...record, rel: { id: "456" } }],
    ["rel.id,rel", { rel: record.rel }],
    ["rel,rel.id", { rel: record.rel }],
    ["id,rel.*,rel.sub.id", { id: "123", rel: { ...record.rel, sub: { id: "789" } } }],
    ["list.a", { list: [{ a: 2 }, { a: 3 }] }],
    ["words.a", { words: ["x", "y"] }],
    ["rel.title.more", { rel: { title: "<p>rel_title</p>" } }],
    ["*.id", {}],
    ["rel.sub.*", { rel: { sub: record.rel.sub } }],
    ["title:excerpt(2)", { title: "lo" }],
    ["title:excerpt(2, true)", { title: "lo..." }],
    ["title:excerpt(2,t)", { title: "lo..." }],
    ["title:excerpt(2,yes)", { title: "lo" }],
    ["title:excerpt 2", { title: "lo" }],
    ["rel:excerpt(2)", { rel: record.rel }],
    ["title:excerpt(2),title", { title: "lorem" }],
    [
      "*:excerpt(2),rel.title:excerpt(3, true)",
      { id: "12", title: "lo", rel: { title: "rel..." }, list: record.list, words: record.words },
    ],
  ])("%j", (fields, picked) => {
    expect(pick(fields)).toEqual(picked);
  });

  test.each([",", " ", "\t,"])("%j lists nothing and so picks nothing", (fields) => {
    expect(pick(fields)).toEqual(record);
  });

  test.each([
    "",
    "title:excerpt",
    "title:excerpt()",
    "title:excerpt(0)",
    "title:excerpt(-1)",
    "title:excerpt(x)",
    "title:excerpt(1,true,2)",
    'title:excerpt("1")',
    "title:lower",
    "title:",
    "id,title:excerpt(1",
    "id,'title",
    "id,\"a'",
  ])("%j is empty or broken: all fields are sent", (fields) => {
    expect(pick(fields)).toBe("all");
  });

  test("a key with dots is found by its path", () => {
    expect(pick("json.a.b", { json: { "a.b": 1, a: { b: 2, c: 3 }, c: 4 } })).toEqual({
      json: { "a.b": 1, a: { b: 2 } },
    });
  });

  test("an array is mapped if it begins with an object, and other items stay", () => {
    expect(pick("a.x", { a: [{ x: 1, y: 2 }, 3, null] })).toEqual({ a: [{ x: 1 }, 3, null] });
    expect(pick("a.x", { a: [3, { x: 1, y: 2 }] })).toEqual({ a: [3, { x: 1, y: 2 }] });
  });

  test("names that every object inherits are picked only where they stand", () => {
    expect(pick("constructor,__proto__,toString")).toEqual({});
    const own: JsonObject = JSON.parse('{"__proto__":{"a":1,"b":2},"id":"1"}');
    expect(encodeSortedJson(pick("__proto__.a", own))).toBe('{"__proto__":{"a":1}}');
  });
});
