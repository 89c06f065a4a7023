import { describe, expect, test } from "vitest";
import { affinityOf, elementsOf, isList, lengthOf, storedValue, valueAtPath } from "./field-value.ts";
import { compileRule, type RuleField } from "./index.ts";

type Json = Readonly<Record<string, unknown>>;

function field(type: string, multiple = false): RuleField {
  return { name: "x", type, multiple, hidden: false };
}

/** A type as a person writes it: `select[]` holds several values. */
function parseField(type: string): RuleField {
  return field(type.replace("[]", ""), type.endsWith("[]"));
}

function stored(type: string, record: Json): unknown {
  return storedValue(parseField(type))({ record });
}

const textTypes = [
  "text",
  "editor",
  "email",
  "url",
  "date",
  "autodate",
  "password",
  "select",
  "file",
  "relation",
];
const lists = ["select", "file", "relation"];

describe("a column", () => {
  test.each([
    ...textTypes.map((type) => [type, "text"] as const),
    ...["number", "bool", "geoPoint", ...lists.map((type) => `${type}[]`)].map(
      (type) => [type, "numeric"] as const,
    ),
    ["json", "none"] as const,
    // a type that is not known yet is a text
    ["future", "text"] as const,
    ["text[]", "text"] as const,
  ])("of type %s has the affinity %s", (type, affinity) => {
    expect(affinityOf(parseField(type))).toBe(affinity);
  });

  test.each(["text", "number", "json", "geoPoint", ...lists])(
    "of type %s may hold several values, or not",
    (type) => {
      expect(isList(type)).toBe(lists.includes(type));
    },
  );
});

describe("the value that is stored", () => {
  test.each<[type: string, value: unknown, stored: unknown]>([
    ["text", "a", "a"],
    ["date", "2024-05-17 13:45:06.789Z", "2024-05-17 13:45:06.789Z"],
    ["number", 1.5, 1.5],
    ["bool", true, 1],
    ["bool", false, 0],
    ["relation", "r1", "r1"],
    ["relation[]", ["r1", "r2"], '["r1","r2"]'],
    ["select[]", ["<a>&", "é"], '["\\u003ca\\u003e\\u0026","é"]'],
    ["file[]", [], "[]"],
    ["geoPoint", { lat: 2, lon: 1.5 }, '{"lon":1.5,"lat":2}'],
    ["json", "a", "a"],
    ["json", 1.5, 1.5],
    ["json", true, 1],
    ["json", false, 0],
    ["json", null, null],
    ["json", { a: [1, "b"] }, '{"a":[1,"b"]}'],
    ["json", [], "[]"],
  ])("of %s %j is %j", (type, value, expected) => {
    expect(stored(type, { x: value })).toBe(expected);
  });

  const zeros: readonly [type: string, zero: unknown][] = [
    ...textTypes.map((type): [string, unknown] => [type, ""]),
    ...lists.map((type): [string, unknown] => [`${type}[]`, "[]"]),
    ["number", 0],
    ["bool", 0],
    ["json", null],
    ["geoPoint", '{"lon":0,"lat":0}'],
  ];

  test.each(zeros)("of %s is %j where the record has none", (type, zero) => {
    expect(stored(type, {})).toBe(zero);
    expect(stored(type, { x: undefined })).toBe(zero);
  });

  test.each(zeros)("of %s is %j where a careless writer sent another type", (type, zero) => {
    // any value is good JSON
    const others =
      type === "json" ? [] : ["number", "geoPoint"].includes(type) ? ["7", [7], true] : [7, [7], {}];
    for (const x of [null, ...others]) expect(stored(type, { x })).toBe(zero);
  });

  test("keeps what is good of a value that is not", () => {
    expect(stored("select[]", { x: ["a", 1, null, { b: 1 }, "c"] })).toBe('["a","c"]');
    expect(stored("select[]", { x: "a" })).toBe("[]");
    expect(stored("select", { x: ["a"] })).toBe("");
    expect(stored("bool", { x: "true" })).toBe(0);
    expect(stored("geoPoint", { x: { lon: "1", lat: 2, alt: 3 } })).toBe('{"lon":0,"lat":2}');
  });
});

describe("the elements of a list, and how many there are", () => {
  test.each<[type: string, value: unknown, elements: readonly unknown[], length: number]>([
    ["select[]", ["a", "b"], ["a", "b"], 2],
    ["select[]", [], [], 0],
    ["select[]", undefined, [], 0],
    ["select[]", ["a", 1, null], ["a"], 1],
    ["select[]", "a", [], 0],
    ["relation", "r1", ["r1"], 1],
    ["relation", "", [""], 0],
    ["relation", undefined, [""], 0],
    ["relation", ["r1"], [""], 0],
  ])("%s %j are %j, %d", (type, value, elements, length) => {
    expect(elementsOf(parseField(type), { x: value })).toEqual(elements);
    expect(lengthOf(parseField(type), { x: value })).toBe(length);
  });
});

describe("what stands at a path", () => {
  const data = {
    a: { b: ["x", { c: 1.5 }], n: null, t: true, f: false, o: { z: 1 } },
    "0": "key",
    é: 1,
    list: [[7]],
  };

  test.each<[path: string, value: unknown]>([
    ["a.b.0", "x"],
    ["a.b.1.c", 1.5],
    ["a.b.2", null],
    ["a.b.00", "x"],
    ["a.b.length", null],
    ["a.n", null],
    ["a.n.x", null],
    ["a.t", 1],
    ["a.f", 0],
    ["a.o", '{"z":1}'],
    ["a.b", '["x",{"c":1.5}]'],
    ["list.0.0", 7],
    ["list.0.0.0", null],
    ["A.b.0", null],
    // a number is an index, never a key
    ["0", null],
    ["a.0", null],
  ])("%s is %j", (path, value) => {
    expect(valueAtPath(field("json"), { x: data }, path.split("."))).toBe(value);
  });

  test.each([
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "constructor.name",
    "a.b.constructor",
  ])("%s is not what every object has", (path) => {
    expect(valueAtPath(field("json"), { x: data }, path.split("."))).toBeNull();
  });

  test("__proto__ is a key like any other where JSON has it", () => {
    const record: Json = { x: JSON.parse('{"__proto__":{"isAdmin":true}}') };
    expect(valueAtPath(field("json"), record, ["__proto__", "isAdmin"])).toBe(1);
    expect(valueAtPath(field("json"), record, ["isAdmin"])).toBeNull();
  });

  test.each<[value: unknown, lon: number, lat: number]>([
    [{ lon: 1.5, lat: 2 }, 1.5, 2],
    [undefined, 0, 0],
    [[1, 2], 0, 0],
    [{ lon: "1.5", lat: null }, 0, 0],
  ])("of the point %j is %d or %d", (value, lon, lat) => {
    const at = (key: string): unknown => valueAtPath(field("geoPoint"), { x: value }, [key]);
    expect([at("lon"), at("lat"), at("alt")]).toEqual([lon, lat, null]);
  });

  test.each(["text", 7, true, null, undefined])("is NULL in %j, which has none", (value) => {
    expect(valueAtPath(field("json"), { x: value }, ["length"])).toBeNull();
    expect(valueAtPath(field("json"), { x: value }, ["0"])).toBeNull();
  });
});

describe("a field that is named as something that every object has", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const collection = { id: "c", name: "c", type: "base", listRule: "" } as const;

  function decide(name: string, type: string, record: Json, text: string): unknown {
    const fields = [{ name, type, multiple: false, hidden: false }];
    const rule = compileRule(text, {
      schema: { find: () => undefined },
      collection: { ...collection, fields },
      kind: "rule",
    });
    return rule.decide({ record, request: { query: {}, headers: {} }, nowMs: 0 });
  }

  test.each(names)("%s has its zero value where the record has none", (name) => {
    expect(decide(name, "text", {}, `${name} = ''`)).toBe(true);
    expect(decide(name, "json", {}, `${name} = null`)).toBe(true);
    expect(decide(name, "json", {}, `${name}.name = null`)).toBe(true);
    expect(decide(name, "select", {}, `${name}:length = 0`)).toBe(true);
  });

  test.each(names)("%s is compared where the record has it", (name) => {
    const record: Json = JSON.parse(`{"${name}":"a"}`);
    expect(decide(name, "text", record, `${name} = 'a'`)).toBe(true);
  });

  test.each(names)("%s is not known where it is not declared, and never a value of the request", (name) => {
    expect(() => decide("title", "text", {}, `${name} = ''`)).toThrow(`no field ${name}`);
    expect(decide("title", "text", {}, `@request.query.${name} = null && @request.auth.${name} = null`)).toBe(
      true,
    );
    expect(decide("title", "text", {}, `@request.headers.${name}:isset = false`)).toBe(true);
  });
});
