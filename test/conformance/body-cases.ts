import assert from "node:assert/strict";
import { bodyCase, bodyOf, type BodyRow, form, json, multipart, parts, urlencoded } from "./body-rows.ts";
import { assertError, badRequest, noClientId } from "./error-answer.ts";
import { call, type Case, withStream } from "./target.ts";

const rows: readonly BodyRow[] = [
  ["a JSON body", json, (id) => `{"clientId":"${id}","subscriptions":["a"]}`, 204],
  ["a JSON body with a charset", `${json}; charset=utf-8`, (id) => `{"clientId":"${id}"}`, 204],
  ["JSON keys in any case", json, (id) => `{"CLIENTID":"${id}","SubScriptions":["a"]}`, 204],
  ["unknown JSON keys", json, (id) => `{"clientId":"${id}","more":{"a":[1]}}`, 204],
  ["what follows the first JSON value", json, (id) => `{"clientId":"${id}"} and {more`, 204],
  ["null for the subscriptions", json, (id) => `{"clientId":"${id}","subscriptions":null}`, 204],
  ["null inside the subscriptions", json, (id) => `{"clientId":"${id}","subscriptions":[null,"a"]}`, 204],
  ["a form", urlencoded, (id) => `clientId=${id}&subscriptions=a&subscriptions=b`, 204],
  ["a form with a charset", `${urlencoded}; charset=utf-8`, (id) => `clientId=${id}`, 204],
  ["a form with a JSON payload", urlencoded, (id) => form(`@jsonPayload={"clientId":"${id}"}`), 204],
  ["the first of two client ids in a form", urlencoded, (id) => `clientId=${id}&clientId=nobody`, 204],
  ["a multipart form", multipart, (id) => parts([["clientId", id]]), 204],
  ["a multipart payload", multipart, (id) => parts([["@jsonPayload", bodyOf(id, ["a"])]]), 204],
  ["an empty JSON object [S2]", json, () => "{}", noClientId],
  ["JSON null", json, () => "null", noClientId],
  ["null for the client id", json, () => '{"clientId":null}', noClientId],
  ["an empty client id", json, () => '{"clientId":""}', noClientId],
  ["an empty form", urlencoded, () => "other=1", noClientId],
  ["a broken JSON body", json, () => '{"clientId":', badRequest],
  ["nothing but white space", json, () => " \n", badRequest],
  ["a JSON array", json, () => "[]", badRequest],
  ["a JSON string", json, () => '"text"', badRequest],
  ["a byte order mark before the JSON", json, (id) => `\ufeff${bodyOf(id, [])}`, badRequest],
  ["a number for the client id", json, () => '{"clientId":5}', badRequest],
  ["a string for the subscriptions", json, (id) => `{"clientId":"${id}","subscriptions":"a"}`, badRequest],
  ["a number among them", json, (id) => `{"clientId":"${id}","subscriptions":["a",5]}`, badRequest],
  ["a body without a type", undefined, (id) => bodyOf(id, []), badRequest],
  ["an unknown type", "application/rtf", (id) => bodyOf(id, []), badRequest],
  ["a type in capitals", "Application/JSON", (id) => bodyOf(id, []), badRequest],
  ["a broken payload in a form", urlencoded, (id) => form(`clientId=${id}&@jsonPayload={`), badRequest],
  ["a payload that is no object", urlencoded, (id) => form(`clientId=${id}&@jsonPayload=[]`), badRequest],
  ["a multipart form without its boundary", "multipart/form-data", () => "text", badRequest],
];

/** Bodies of the subscribe request: which types are read, and what makes one unreadable. */
export const bodyCases: readonly Case[] = [
  ...rows.map((row) => bodyCase(row)),
  {
    name: "the query of the URL counts for forms, behind the body's fields, and not for JSON",
    run: (target) =>
      withStream(target, async ({ clientId }) => {
        const path = `/api/realtime?clientId=${clientId}`;
        const asForm = { "Content-Type": urlencoded };
        const post = (headers: Record<string, string>, body: string): Promise<number> =>
          call(target.postUrl, { method: "POST", path, headers, body }).then(({ status }) => status);
        assert.equal(await post(asForm, "subscriptions=a"), 204);
        assert.equal(await post(asForm, "clientId=nobody"), 404);
        assert.equal(await post({ "Content-Type": json }, "{}"), 400);
      }),
  },
  {
    name: "no body at all lacks a client id, whatever its type",
    run: async (target) => {
      for (const type of ["application/rtf", json, multipart]) {
        const typed = { method: "POST", headers: { "Content-Type": type }, body: "" };
        assertError(target, await call(target.postUrl, typed), noClientId);
      }
    },
  },
  {
    name: "an empty JSON body of undeclared length cannot be read",
    run: async (target) => {
      const headers = { "Content-Type": json, "Transfer-Encoding": "chunked" };
      assertError(target, await call(target.postUrl, { method: "POST", headers }), badRequest);
    },
  },
  {
    name: "a body that is declared larger than 32 MiB is too large",
    run: async (target) => {
      const headers = { "Content-Type": json, "Content-Length": String(32 * 1024 * 1024 + 1) };
      const answer = await call(target.postUrl, { method: "POST", headers, headersOnly: true });
      assertError(target, answer, { status: 413, message: "Request entity too large." });
    },
  },
];

/** Bodies that PocketBase answers otherwise, or not the same in each version. */
export const ownBodyCases: readonly Case[] = [
  // PocketBase refuses equal keys from 0.40 on
  bodyCase(
    ["the last of two equal JSON keys", json, (id) => `{"clientId":"nobody","clientId":"${id}"}`, 204],
    ["sluice"],
  ),
  ...["text/xml", "application/xml"].map((type) =>
    bodyCase(
      [`a body of ${type}`, type, (id) => `<r><ClientId>${id}</ClientId></r>`, badRequest],
      ["sluice"],
    ),
  ),
  ...["\n", "\r", "\0"].map((character) => {
    const data =
      '{"subscriptions":{"1":{"code":"validation_match_invalid","message":"Must not contain CR, LF or NUL."}}}';
    const name = `a subscription with ${JSON.stringify(character)}`;
    const body = (id: string): string => bodyOf(id, ["a", `b${character}c`]);
    return bodyCase([name, json, body, { ...badRequest, data }], ["sluice"]);
  }),
];
