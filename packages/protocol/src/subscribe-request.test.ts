import { describe, expect, test } from "vitest";
import { encodeErrorBody } from "./error-body.ts";
import {
  parseEmptySubscribe,
  parseSubscribeForm,
  parseSubscribeJson,
  type SubscribeParse,
} from "./subscribe-request.ts";

const unreadable =
  '{"data":{},"message":"Something went wrong while processing your request.","status":400}\n';

/** The body of the refusal with these field errors. */
function refusalOf(data: string): string {
  return unreadable.replace('"data":{}', `"data":${data}`);
}

const blank = '"clientId":{"code":"validation_required","message":"Cannot be blank."}';
const longClientId =
  '"clientId":{"code":"validation_length_out_of_range","message":"The length must be between 1 and 255.","params":{"max":255,"min":1}}';
const tooMany =
  '"subscriptions":{"code":"validation_length_too_long","message":"The length must be no more than 1000.","params":{"max":1000,"min":0}}';
const tooLong =
  '{"code":"validation_length_too_long","message":"The length must be no more than 2500.","params":{"max":2500,"min":0}}';
const breaksFrame = '{"code":"validation_match_invalid","message":"Must not contain CR, LF or NUL."}';

/** The error body of a refusal; nothing where the request was read. */
function bodyOf({ refusal }: SubscribeParse): string | undefined {
  return refusal && encodeErrorBody(refusal);
}

function requestOf(clientId: string, ...subscriptions: readonly string[]): SubscribeParse {
  return { request: { clientId, subscriptions } };
}

function jsonOf(clientId: string, subscriptions: readonly string[]): string {
  return JSON.stringify({ clientId, subscriptions });
}

function distinct(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `topic${index}`);
}

function repeated(subscription: string, count: number): readonly string[] {
  return Array.from({ length: count }, () => subscription);
}

describe("a JSON body", () => {
  test.each<[behaviour: string, body: string, expected: SubscribeParse]>([
    ["is read", '{"clientId":"c1","subscriptions":["a/*","b"]}', requestOf("c1", "a/*", "b")],
    ["may follow white space", ' \t\r\n{"clientId":"c1"}', requestOf("c1")],
    ["matches keys in any case", '{"CLIENTID":"c1","SubScriptions":["a"]}', requestOf("c1", "a")],
    ["matches keys behind escapes", '{"client\\u0049d":"c1"}', requestOf("c1")],
    ["takes the last of two equal keys", '{"clientId":"c1","clientId":"c2"}', requestOf("c2")],
    ["takes the last of two keys in other case", '{"clientId":"c1","CLIENTID":"c2"}', requestOf("c2")],
    ["replaces a list", '{"clientId":"c","subscriptions":["a"],"Subscriptions":["b"]}', requestOf("c", "b")],
    ["empties a list by null", '{"clientId":"c","subscriptions":["a"],"Subscriptions":null}', requestOf("c")],
    ["keeps a client id over null", '{"clientId":"c1","CLIENTID":null}', requestOf("c1")],
    ["ignores unknown keys", '{"clientId":"c1","x":{"y":[1,"}"]},"":5}', requestOf("c1")],
    ["ignores a __proto__ key", '{"clientId":"c1","__proto__":{"subscriptions":["a"]}}', requestOf("c1")],
    ["may leave subscriptions out", '{"clientId":"c1"}', requestOf("c1")],
    ["may hold no subscriptions", '{"clientId":"c1","subscriptions":[]}', requestOf("c1")],
    ["may hold null for them", '{"clientId":"c1","subscriptions":null}', requestOf("c1")],
    ["drops null elements", '{"clientId":"c1","subscriptions":[null,"a",null]}', requestOf("c1", "a")],
    ["drops empty strings", '{"clientId":"c1","subscriptions":["","a",""]}', requestOf("c1", "a")],
    ["collapses repetitions", '{"clientId":"c1","subscriptions":["b","a","b"]}', requestOf("c1", "b", "a")],
    ["ends behind its first value", '{"clientId":"c1"} trailing } garbage', requestOf("c1")],
    ["ignores a second value", '{"clientId":"c1"}{"clientId":"c2"}', requestOf("c1")],
    ["goes on at a brace in a string", '{"clientId":"}{","subscriptions":["}"]}}', requestOf("}{", "}")],
    ["goes on at an escaped quote", '{"clientId":"a\\"}\\\\"}"x', requestOf('a"}\\')],
    ["reads lone surrogates as U+FFFD", '{"clientId":"\\ud800"}', requestOf("\ufffd")],
    ["reads them so in topics", '{"clientId":"c","subscriptions":["\\udc00"]}', requestOf("c", "\ufffd")],
    [
      "keeps topics as they are",
      '{"clientId":"é","subscriptions":[" a%2F+?é#"]}',
      requestOf("é", " a%2F+?é#"),
    ],
  ])("%s", (_, body, expected) => {
    expect(parseSubscribeJson(body)).toEqual(expected);
  });

  test.each([
    "",
    "  ",
    "{",
    '{"clientId":"c1"',
    '{"clientId":"c1",}',
    '{"clientId":"c1" "x":1}',
    '{"x":[}',
    "{'clientId':'c1'}",
    '{"clientId":"line\nbreak"}',
    '\ufeff{"clientId":"c1"}',
    "nul",
    "true",
    "5",
    '"c1"',
    "[]",
    '[{"clientId":"c1"}]',
    '{"clientId":5}',
    '{"clientId":true}',
    '{"clientId":["c1"]}',
    '{"clientId":{}}',
    '{"clientId":"c1","subscriptions":"a"}',
    '{"clientId":"c1","subscriptions":5}',
    '{"clientId":"c1","subscriptions":{"0":"a"}}',
    '{"clientId":"c1","subscriptions":["a",5]}',
    '{"clientId":"c1","subscriptions":[["a"]]}',
    '{"clientId":"c1","subscriptions":[false]}',
  ])("%j is unreadable", (body) => {
    expect(bodyOf(parseSubscribeJson(body))).toBe(unreadable);
  });

  test.each(["null", " null", "null garbage", "{}", '{"clientId":null}', '{"clientId":""}', '{"id":"c1"}'])(
    "%j names no client",
    (body) => {
      expect(bodyOf(parseSubscribeJson(body))).toBe(refusalOf(`{${blank}}`));
    },
  );
});

describe("a form body", () => {
  test.each<[behaviour: string, form: string, expected: SubscribeParse]>([
    [
      "has a field per subscription",
      "subscriptions=b&clientId=c1&subscriptions=a",
      requestOf("c1", "b", "a"),
    ],
    ["counts the first client id", "clientId=c1&clientId=c2", requestOf("c1")],
    ["takes JSON text for a topic", 'clientId=c1&subscriptions=["a/*"]', requestOf("c1", '["a/*"]')],
    ["knows its fields in this case only", "clientId=c&Subscriptions=a&subscriptions[]=b", requestOf("c")],
    ["drops empty strings", "clientId=c1&subscriptions=&subscriptions=a", requestOf("c1", "a")],
    ["collapses repetitions", "clientId=c1&subscriptions=a&subscriptions=a", requestOf("c1", "a")],
    ["may be a JSON payload", '@jsonPayload={"clientId":"c","subscriptions":["a"]}', requestOf("c", "a")],
    ["yields to a JSON payload before it", '@jsonPayload={"CLIENTID":"c2"}&clientId=c1', requestOf("c2")],
    ["keeps what it leaves out", 'clientId=c&subscriptions=a&@jsonPayload={"x":1}', requestOf("c", "a")],
    ["counts the last", '@jsonPayload={"clientId":"1"}&@jsonPayload={"clientId":"2"}', requestOf("2")],
    ["keeps its fields over a null payload", "clientId=c1&@jsonPayload=null", requestOf("c1")],
    ["is emptied", 'clientId=c&subscriptions=a&@jsonPayload={"subscriptions":null}', requestOf("c")],
  ])("%s: %s", (_, form, expected) => {
    expect(parseSubscribeForm([...new URLSearchParams(form)])).toEqual(expected);
  });

  test.each(["", "{", "5", "[]", '"c1"', '{"clientId":5}', '{"subscriptions":["a",1]}', "{} x"])(
    "with the JSON payload %j is unreadable",
    (payload) => {
      const fields = [
        ["clientId", "c1"],
        ["@jsonPayload", payload],
        ["@jsonPayload", "{}"],
      ] as const;
      expect(bodyOf(parseSubscribeForm(fields))).toBe(unreadable);
    },
  );

  test.each(["subscriptions=a", "clientId=", "clientid=c1"])("%s names no client", (form) => {
    expect(bodyOf(parseSubscribeForm([...new URLSearchParams(form)]))).toBe(refusalOf(`{${blank}}`));
  });
});

test("a request without a body names no client", () => {
  expect(bodyOf(parseEmptySubscribe())).toBe(refusalOf(`{${blank}}`));
});

describe("limits, in bytes", () => {
  test.each<[what: string, clientId: string, subscriptions: readonly string[]]>([
    ["a client id of 1 byte", "c", []],
    ["a client id of 255 bytes", "c".repeat(255), []],
    ["a client id of 85 characters of 3 bytes", "€".repeat(85), []],
    ["1000 subscriptions", "c", distinct(1000)],
    ["a subscription of 2500 bytes", "c", ["abc", "a".repeat(2500)]],
    ["a subscription of 625 characters of 4 bytes", "c", ["😀".repeat(625)]],
  ])("%s is accepted", (_, clientId, subscriptions) => {
    expect(parseSubscribeJson(jsonOf(clientId, subscriptions))).toEqual(
      requestOf(clientId, ...subscriptions),
    );
  });

  const long = "a".repeat(2501);
  test.each<[what: string, clientId: string, subscriptions: readonly string[], data: string]>([
    ["a client id of 256 bytes", "c".repeat(256), [], `{${longClientId}}`],
    ["a client id of 128 characters of 2 bytes", "é".repeat(128), [], `{${longClientId}}`],
    ["1001 subscriptions", "c", distinct(1001), `{${tooMany}}`],
    ["1001 times the same subscription", "c", repeated("a", 1001), `{${tooMany}}`],
    ["1001 times the empty subscription", "c", repeated("", 1001), `{${tooMany}}`],
    ["one of 1001 that is too long besides", "c", [...distinct(1000), long], `{${tooMany}}`],
    ["a subscription of 2501 bytes", "c", ["abc", long], `{"subscriptions":{"1":${tooLong}}}`],
    ["1251 characters of 2 bytes", "c", ["é".repeat(1251)], `{"subscriptions":{"0":${tooLong}}}`],
    ["a subscription with LF", "c", ["a\nb"], `{"subscriptions":{"0":${breaksFrame}}}`],
    ["a subscription with CR", "c", ["ok", "", "a\r"], `{"subscriptions":{"2":${breaksFrame}}}`],
    ["a subscription with NUL", "c", ["\0a"], `{"subscriptions":{"0":${breaksFrame}}}`],
    ["each of several", "c", [long, "ok", "a\n"], `{"subscriptions":{"0":${tooLong},"2":${breaksFrame}}}`],
    ["both fields together", "", [long], `{${blank},"subscriptions":{"0":${tooLong}}}`],
    ["both lengths together", "c".repeat(256), distinct(1001), `{${longClientId},${tooMany}}`],
  ])("%s is refused with its errors", (_, clientId, subscriptions, data) => {
    expect(bodyOf(parseSubscribeJson(jsonOf(clientId, subscriptions)))).toBe(refusalOf(data));
  });

  test("hold for form bodies too", () => {
    const form = parseSubscribeForm([
      ["clientId", "c1"],
      ["subscriptions", long],
    ]);
    expect(bodyOf(form)).toBe(refusalOf(`{"subscriptions":{"0":${tooLong}}}`));
  });
});
