import { describe, expect, test } from "vitest";
import {
  parseEmptySubscribe,
  parseSubscribeForm,
  parseSubscribeJson,
  type SubscribeParse,
} from "./subscribe-request.ts";

const unreadable = {
  refusal: { status: 400, message: "Something went wrong while processing your request." },
};

const request = (clientId: string, ...subscriptions: string[]): SubscribeParse => ({
  request: { clientId, subscriptions },
});

const blank = { code: "validation_required", message: "Cannot be blank." };
const blankClientId = { refusal: { ...unreadable.refusal, data: { clientId: blank } } };

describe("JSON", () => {
  test.each([
    ['{"clientId":"c","subscriptions":["a","b"]}', request("c", "a", "b")],
    ['{"subscriptions":["a"],"CLIENTID":"c"}', request("c", "a")],
    ['{"clientId":"x","clientid":"c"}', request("c")],
    ['{"clientId":"c","subscriptions":["a"],"subscriptions":null}', request("c")],
    ['{"clientId":"c","subscriptions":[null,"","a","a",""]}', request("c", "a")],
    [' \n\t{"clientId":"c"} trailing } garbage', request("c")],
    ['{"clientId":"c}\\"{"}{"clientId":"d"}', request('c}"{')],
    ['{"clientId":"c","other":{"a":"}"},"more":[{}]}', request("c")],
    ['{"clientId":"\\ud800"}', request("\ufffd")],
    ['{"clientId":"é","subscriptions":["\\u2028"]}', request("é", "\u2028")],
    ["null", blankClientId],
    ["null and more", blankClientId],
    ["{}", blankClientId],
    ['{"clientId":null}', blankClientId],
    ["", unreadable],
    ["  ", unreadable],
    ["{", unreadable],
    ['{"clientId":"c"', unreadable],
    ["[]", unreadable],
    ["5", unreadable],
    ['"c"', unreadable],
    ["true", unreadable],
    ['{"clientId":5}', unreadable],
    ['{"clientId":"c","subscriptions":"a"}', unreadable],
    ['{"clientId":"c","subscriptions":{}}', unreadable],
    ['{"clientId":"c","subscriptions":["a",1]}', unreadable],
    ['{"clientId":"c","subscriptions":[["a"]]}', unreadable],
  ])("%s", (body, parse) => {
    expect(parseSubscribeJson(body)).toEqual(parse);
  });
});

describe("forms", () => {
  test.each([
    [[["clientId", "c"]], request("c")],
    [
      [
        ["clientId", "c"],
        ["clientId", "d"],
        ["subscriptions", "b"],
        ["subscriptions", "a"],
        ["subscriptions", "b"],
      ],
      request("c", "b", "a"),
    ],
    [
      [
        ["clientId", "c"],
        ["subscriptions", '["a","b"]'],
        ["subscriptions[]", "x"],
      ],
      request("c", '["a","b"]'),
    ],
    [
      [
        ["@jsonPayload", '{"clientId":"d"}'],
        ["clientId", "c"],
        ["subscriptions", "a"],
        ["@jsonPayload", '{"subscriptions":["b"]}'],
      ],
      request("d", "b"),
    ],
    [
      [
        ["clientId", "c"],
        ["@jsonPayload", "null"],
      ],
      request("c"),
    ],
    [[["clientid", "c"]], blankClientId],
    [
      [
        ["clientId", "c"],
        ["@jsonPayload", "{"],
      ],
      unreadable,
    ],
    [
      [
        ["clientId", "c"],
        ["@jsonPayload", "[]"],
      ],
      unreadable,
    ],
    [
      [
        ["clientId", "c"],
        ["@jsonPayload", '{"subscriptions":5}'],
      ],
      unreadable,
    ],
  ] satisfies [[string, string][], unknown][])("%j", (fields, parse) => {
    expect(parseSubscribeForm(fields)).toEqual(parse);
  });
});

test("no body lacks a client id", () => {
  expect(parseEmptySubscribe()).toEqual(blankClientId);
});

const refusedData = (clientId: string, subscriptions: readonly string[]): unknown =>
  parseSubscribeJson(JSON.stringify({ clientId, subscriptions })).refusal?.data;
const tooLong = (max: number): unknown => ({
  code: "validation_length_too_long",
  message: `The length must be no more than ${max}.`,
  params: { max, min: 0 },
});
const many = (count: number): readonly string[] => Array.from({ length: count }, () => "a");

describe("limits, in bytes", () => {
  test.each([
    ["255 bytes of client id", "é".repeat(127) + "a", [], undefined],
    [
      "256 bytes of client id",
      "é".repeat(128),
      [],
      {
        clientId: {
          code: "validation_length_out_of_range",
          message: "The length must be between 1 and 255.",
          params: { max: 255, min: 1 },
        },
      },
    ],
    ["1,000 subscriptions", "c", many(1_000), undefined],
    [
      "1,001 subscriptions, counted before repetitions go",
      "c",
      many(1_001),
      { subscriptions: tooLong(1_000) },
    ],
    ["2,500 bytes of subscription", "c", ["é".repeat(1_250)], undefined],
    [
      "2,501 bytes of subscription",
      "c",
      ["a", `${"é".repeat(1_250)}a`],
      { subscriptions: { 1: tooLong(2_500) } },
    ],
    [
      "too many hide what is too long",
      "c",
      [...many(1_000), "a".repeat(2_501)],
      { subscriptions: tooLong(1_000) },
    ],
    [
      "both fields at once",
      "",
      ["a".repeat(2_501), "a", "a\nb"],
      {
        clientId: blank,
        subscriptions: {
          0: tooLong(2_500),
          2: { code: "validation_match_invalid", message: "Must not contain CR, LF or NUL." },
        },
      },
    ],
  ])("%s", (_what, clientId, subscriptions, data) => {
    expect(refusedData(clientId, subscriptions)).toEqual(data);
  });
});
