import assert from "node:assert/strict";
import { form, multipart, parts, urlencoded } from "./body-rows.ts";
import { assertApplied } from "./error-answer.ts";
import { call, type Case, liveTopics, withStream } from "./target.ts";

interface FormRow {
  readonly name: string;
  readonly type: string;
  readonly body: (clientId: string) => string;
  /** Topics to try; the last one is live in each row. */
  readonly candidates: readonly string[];
  readonly live: readonly string[];
}

const rows: readonly FormRow[] = [
  {
    name: "a form has one field per subscription",
    type: urlencoded,
    body: (id) => `clientId=${id}&subscriptions=a&subscriptions=b&subscriptions=z`,
    candidates: ["a", "b", "c", "z"],
    live: ["a", "b", "z"],
  },
  {
    name: "a multipart form has one field per subscription",
    type: multipart,
    body: (id) =>
      parts([
        ["clientId", id],
        ["subscriptions", "a"],
        ["subscriptions", "b"],
        ["subscriptions", "z"],
      ]),
    candidates: ["a", "b", "c", "z"],
    live: ["a", "b", "z"],
  },
  {
    name: "a JSON array in a form field is one subscription of that very text, with no meaning",
    type: urlencoded,
    body: (id) => form(`clientId=${id}&subscriptions=["a"]&subscriptions=z`),
    candidates: ["a", '["a"]', "z"],
    live: ['["a"]', "z"],
  },
  {
    name: "a field named subscriptions[] is no subscription",
    type: urlencoded,
    body: (id) => form(`clientId=${id}&subscriptions[]=a&subscriptions=z`),
    candidates: ["a", "z"],
    live: ["z"],
  },
  {
    name: "plus and %20 are spaces in a form",
    type: urlencoded,
    body: (id) => `clientId=${id}&subscriptions=a+b&subscriptions=c%20d&subscriptions=z`,
    candidates: ["a b", "a+b", "c d", "z"],
    live: ["a b", "c d", "z"],
  },
  {
    name: "JSON payloads override the fields of their form, the later ones the earlier",
    type: urlencoded,
    body: (id) =>
      form(
        `clientId=nobody&subscriptions=a&@jsonPayload={"clientId":"${id}"}&@jsonPayload={"subscriptions":["c"]}&@jsonPayload={"subscriptions":["b","z"]}`,
      ),
    candidates: ["a", "b", "c", "z"],
    live: ["b", "z"],
  },
];

/** What the fields of a form mean. */
export const formCases: readonly Case[] = rows.map(({ name, type, body, candidates, live }) => ({
  name,
  needs: ["publish"],
  run: (target) =>
    withStream(target, async (stream) => {
      const headers = { "Content-Type": type };
      const post = { method: "POST", headers, body: body(stream.clientId) };
      assertApplied(await call(target.postUrl, post));
      assert.deepEqual(await liveTopics(target, stream, candidates), live);
    }),
}));
