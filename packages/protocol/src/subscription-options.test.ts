import { describe, expect, test } from "vitest";
import { parseSubscriptionOptions } from "./subscription-options.ts";

/** Options that are easy to see in a result. */
const marked = '{"query":{"a":1}}';
const read = { query: { a: "1" }, headers: {} };
const none = { query: {}, headers: {} };

function optionsOf(raw: string): unknown {
  const { query, headers } = parseSubscriptionOptions(raw);
  return { query: { ...query }, headers: { ...headers } };
}

test("PocketBase's own vector is read", () => {
  const raw = 'test2?options={"query":{"name":123},"headers":{"X-Token":456}}';
  expect(optionsOf(raw)).toEqual({ query: { name: "123" }, headers: { x_token: "456" } });
});

test("what the JavaScript SDK encodes is read", () => {
  const sent = { query: { filter: "a = 'x+y' && b>1", fields: "id,(é)" }, headers: { "X-Token": "a b" } };
  const raw = `demo/*?options=${encodeURIComponent(JSON.stringify(sent))}`;
  expect(optionsOf(raw)).toEqual({ query: sent.query, headers: { x_token: "a b" } });
});

test("what the Dart SDK encodes is read", () => {
  const raw = `demo/*?${String(new URLSearchParams({ options: '{"query":{"filter":"a = \'x+y\'"}}' }))}`;
  expect(raw).toContain("a+%3D+%27x%2By%27");
  expect(optionsOf(raw)).toEqual({ query: { filter: "a = 'x+y'" }, headers: {} });
});

describe("the reference in front of the query", () => {
  test.each([
    "chat",
    "chat/*",
    "chat/a:b",
    "chat:room",
    "chat:%zz",
    "a1+b-c.d:room",
    "/1chat:room",
    "é b",
    "*",
    "",
    "a%20b",
  ])("%j is parsable", (reference) => {
    expect(optionsOf(`${reference}?options=${marked}`)).toEqual(read);
  });

  test.each([
    "1chat:room",
    ":room",
    "a_b:c",
    "é:c",
    "a%zz",
    "a%",
    "a%2",
    "chat:/%zz",
    "a\tb",
    "a\u007f",
    "a\u0001",
  ])("%j is not, so the options are none", (reference) => {
    expect(optionsOf(`${reference}?options=${marked}`)).toEqual(none);
  });
});

describe("the query", () => {
  test.each<[behaviour: string, query: string, expected: unknown]>([
    ["of no parameter means no options", "", none],
    ["without options means none", "x=1", none],
    ["may name the parameter in escapes", `%6Fptions=${marked}`, read],
    ["may hold other parameters", `x=1&options=${marked}&y`, read],
    ["knows options in lower case only", `OPTIONS=${marked}`, none],
    ["counts the first of several options", `options=${marked}&options={"query":{"b":2}}`, read],
    ["counts the first even if it is empty", `options=&options=${marked}`, none],
    ["counts the first even if it has no value", `options&options=${marked}`, none],
    ["drops a pair with a bad escape in its value", `options=%zz&options=${marked}`, read],
    ["drops a pair with a bad escape in its key", `%zz&options=${marked}`, read],
    ["drops a pair with a semicolon", `options=1;2&options=${marked}`, read],
    ["ends a value at a raw ampersand", 'options={"query":{"a":"x&y"}}', none],
    ["ends at a fragment", `options=${marked}#?options={}`, read],
    ["has nothing behind a fragment", `x#&options=${marked}`, none],
    ["is lost with a raw # in the JSON", 'options={"query":{"a":"x#y"}}', none],
    ["is refused with a bad escape in the fragment", `options=${marked}#%zz`, none],
    ["is refused with a control character", `options=${marked}&x=\t`, none],
    ["is not refused by a control character in the fragment", `options=${marked}#\t`, read],
    ["is not refused by a bad escape elsewhere", `x=%zz&options=${marked}`, read],
    ["begins at the first question mark", `x?options=${marked}`, none],
    ["decodes + to a space", 'options={"query":{"a":"x+y"}}', { query: { a: "x y" }, headers: {} }],
    ["decodes %20 to a space", 'options={"query":{"a":"x%20y"}}', { query: { a: "x y" }, headers: {} }],
    ["decodes %2B to +", 'options={"query":{"a":"x%2By"}}', { query: { a: "x+y" }, headers: {} }],
    [
      "decodes UTF-8, escaped or not",
      'options={"query":{"a":"é%C3%a9"}}',
      { query: { a: "éé" }, headers: {} },
    ],
    [
      "decodes wrong UTF-8 to U+FFFD",
      'options={"query":{"a":"%FF"}}',
      { query: { a: "\ufffd" }, headers: {} },
    ],
    ["may have white space around the JSON", `options=+${marked}%0A`, read],
  ])("%s", (_, query, expected) => {
    expect(optionsOf(`t?${query}`)).toEqual(expected);
  });
});

describe("the JSON of options", () => {
  test.each([
    "{",
    "5",
    '"x"',
    "null",
    "[]",
    `${marked}x`,
    "{}",
    '{"query":5,"headers":"x"}',
    '{"Other":{"a":1}}',
  ])("%s says nothing", (text) => {
    expect(optionsOf(`t?options=${encodeURIComponent(text)}`)).toEqual(none);
  });

  test.each<[behaviour: string, text: string, expected: unknown]>([
    [
      "has keys in any case",
      '{"QUERY":{"a":1},"hEaders":{"b":2}}',
      { query: { a: "1" }, headers: { b: "2" } },
    ],
    [
      "keeps headers beside a wrong query",
      '{"query":[1],"headers":{"b":2}}',
      { query: {}, headers: { b: "2" } },
    ],
    ["keeps the query beside wrong headers", '{"query":{"a":1},"headers":null}', read],
    [
      "joins query keys in different case",
      '{"query":{"a":1},"Query":{"b":2}}',
      { query: { a: "1", b: "2" }, headers: {} },
    ],
    [
      "keeps query names as they are",
      '{"query":{"X-Y":1,"":2}}',
      { query: { "X-Y": "1", "": "2" }, headers: {} },
    ],
    [
      "writes header names in snake_case",
      '{"headers":{"X-API-Key":"k"}}',
      { query: {}, headers: { x_api_key: "k" } },
    ],
  ])("%s", (_, text, expected) => {
    expect(optionsOf(`t?options=${encodeURIComponent(text)}`)).toEqual(expected);
  });

  test.each<[value: string, text: string]>([
    ['"as it is"', "as it is"],
    ['""', ""],
    ["true", "true"],
    ["false", "false"],
    ["null", ""],
    ["[1]", ""],
    ['{"x":1}', ""],
    ["0", "0"],
    ["123", "123"],
    ["-7", "-7"],
    ["1.50", "1.5"],
    ["0.1", "0.1"],
    ["123456789.125", "123456789.125"],
    ["1e3", "1000"],
    ["1e21", "1000000000000000000000"],
    ["-1.5e22", "-15000000000000000000000"],
    ["1.2345e25", "12345000000000000000000000"],
    ["1e-7", "0.0000001"],
    ["-1.25e-9", "-0.00000000125"],
    ["12345678901234567890", "12345678901234567000"],
    ["1e400", ""],
    ["-1e400", ""],
  ])("the value %s becomes the text %j", (value, text) => {
    const raw = `t?options=${encodeURIComponent(`{"query":{"a":${value}},"headers":{"a":${value}}}`)}`;
    expect(optionsOf(raw)).toEqual({ query: { a: text }, headers: { a: text } });
  });

  test("names of Object's own members are ordinary names", () => {
    const names = '{"__proto__":"x","constructor":"y"}';
    const raw = `t?options={"query":${names},"headers":{"__proto__":"x"},"__proto__":{"query":{"z":1}}}`;
    const { query, headers } = parseSubscriptionOptions(raw);
    expect(Object.entries(query)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
    expect(Object.entries(headers)).toEqual([["proto", "x"]]);
    expect(query["z"]).toBeUndefined();
    expect(query["toString"]).toBeUndefined();
  });
});
