import assert from "node:assert/strict";
import type { SseReader } from "../harness/sse-reader.ts";
import { call, type Case, publish, subscribe, type Target, withStream } from "./target.ts";

const unreadable = `{"data":{},"message":"Something went wrong while processing your request.","status":400}\n`;
const noClientId = refusal('{"clientId":{"code":"validation_required","message":"Cannot be blank."}}');

function refusal(data: string): string {
  return `{"data":${data},"message":"Something went wrong while processing your request.","status":400}\n`;
}

const json = "application/json";
const urlencoded = "application/x-www-form-urlencoded";
const boundary = "------------------------7c2b1a90d4e5f683";
const multipart = `multipart/form-data; boundary=${boundary}`;

/** A body, as a function of the client id, and the answer to it: 204, or the very bytes of a 400. */
type Row = readonly [
  name: string,
  type: string | undefined,
  body: (id: string) => string,
  answer: 204 | string,
];

const rows: readonly Row[] = [
  ["a JSON body", json, (id) => `{"clientId":"${id}","subscriptions":["a"]}`, 204],
  ["a JSON body with a charset", `${json}; charset=utf-8`, (id) => `{"clientId":"${id}"}`, 204],
  ["JSON keys in any case", json, (id) => `{"CLIENTID":"${id}","SubScriptions":["a"]}`, 204],
  ["the last of two equal JSON keys", json, (id) => `{"clientId":"nobody","clientId":"${id}"}`, 204],
  ["unknown JSON keys", json, (id) => `{"clientId":"${id}","more":{"a":[1]}}`, 204],
  ["what follows the first JSON value", json, (id) => `{"clientId":"${id}"} and {more`, 204],
  ["null for the subscriptions", json, (id) => `{"clientId":"${id}","subscriptions":null}`, 204],
  ["null inside the subscriptions", json, (id) => `{"clientId":"${id}","subscriptions":[null,"a"]}`, 204],
  ["1,000 subscriptions [S4]", json, (id) => bodyOf(id, topics(1_000)), 204],
  ["a subscription of 2,500 bytes [S7]", json, (id) => bodyOf(id, ["abc", "a".repeat(2_500)]), 204],
  ["a form", urlencoded, (id) => `clientId=${id}&subscriptions=a&subscriptions=b`, 204],
  ["a form with a JSON payload", urlencoded, (id) => form(`@jsonPayload={"clientId":"${id}"}`), 204],
  ["a multipart form", multipart, (id) => parts([["clientId", id]]), 204],
  ["a multipart payload", multipart, (id) => parts([["@jsonPayload", bodyOf(id, ["a"])]]), 204],
  ["an empty JSON object [S2]", json, () => "{}", noClientId],
  ["JSON null", json, () => "null", noClientId],
  ["null for the client id", json, () => '{"clientId":null}', noClientId],
  ["an empty client id", json, () => '{"clientId":""}', noClientId],
  ["an empty form", urlencoded, () => "other=1", noClientId],
  ["a broken JSON body", json, () => '{"clientId":', unreadable],
  ["a JSON array", json, () => "[]", unreadable],
  ["a JSON string", json, () => '"text"', unreadable],
  ["a number for the client id", json, () => '{"clientId":5}', unreadable],
  ["a string for the subscriptions", json, (id) => `{"clientId":"${id}","subscriptions":"a"}`, unreadable],
  ["a number among them", json, (id) => `{"clientId":"${id}","subscriptions":["a",5]}`, unreadable],
  ["a body without a type", undefined, (id) => bodyOf(id, []), unreadable],
  ["an unknown type", "application/rtf", (id) => bodyOf(id, []), unreadable],
  ["a type in capitals", "Application/JSON", (id) => bodyOf(id, []), unreadable],
  ["a broken payload in a form", urlencoded, (id) => form(`clientId=${id}&@jsonPayload={`), unreadable],
  [
    "a client id of 256 bytes",
    json,
    () => bodyOf("é".repeat(128), []),
    refusal(
      '{"clientId":{"code":"validation_length_out_of_range","message":"The length must be between 1 and 255.","params":{"max":255,"min":1}}}',
    ),
  ],
  [
    "1,001 subscriptions [S3]",
    json,
    (id) => bodyOf(id, topics(1_001)),
    refusal(`{"subscriptions":${tooLong(1_000)}}`),
  ],
  [
    "1,001 subscriptions, all equal",
    json,
    (id) =>
      bodyOf(
        id,
        Array.from({ length: 1_001 }, () => "a"),
      ),
    refusal(`{"subscriptions":${tooLong(1_000)}}`),
  ],
  [
    "a subscription of 2,501 bytes [S5]",
    json,
    (id) => bodyOf(id, ["abc", "a".repeat(2_501)]),
    refusal(`{"subscriptions":{"1":${tooLong(2_500)}}}`),
  ],
  [
    "2,501 bytes in fewer characters",
    json,
    (id) => bodyOf(id, ["é".repeat(1_251)]),
    refusal(`{"subscriptions":{"0":${tooLong(2_500)}}}`),
  ],
  [
    "both fields wrong",
    json,
    () => bodyOf("", ["a".repeat(2_501)]),
    refusal(
      `{"clientId":{"code":"validation_required","message":"Cannot be blank."},"subscriptions":{"0":${tooLong(2_500)}}}`,
    ),
  ],
];

function tooLong(max: number): string {
  const message = `The length must be no more than ${max}.`;
  return `{"code":"validation_length_too_long","message":"${message}","params":{"max":${max},"min":0}}`;
}

function bodyOf(clientId: string, subscriptions: readonly string[]): string {
  return JSON.stringify({ clientId, subscriptions });
}

function topics(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `test${index + 1}`);
}

function form(text: string): string {
  return text
    .split("&")
    .map((pair) => pair.split("=").map(encodeURIComponent).join("="))
    .join("&");
}

function parts(fields: readonly (readonly [name: string, value: string])[]): string {
  const each = fields.map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return `${each.join("")}--${boundary}--\r\n`;
}

function bodyCase([what, type, body, expected]: Row): Case {
  return {
    name: `${what}: ${expected === 204 ? "204" : "400 to the byte"}`,
    run: (target) =>
      withStream(target, async ({ clientId }) => {
        const headers = type === undefined ? {} : { "Content-Type": type };
        const answer = await call(target.postUrl, { method: "POST", headers, body: body(clientId) });
        if (expected === 204) {
          assert.deepEqual(
            [answer.status, answer.text, answer.headers["content-type"]],
            [204, "", undefined],
          );
        } else {
          assert.deepEqual([answer.status, answer.text], [400, expected]);
          assert.equal(answer.headers["content-type"], "application/json");
        }
      }),
  };
}

/** Which of some custom topics a stream is subscribed to. */
async function liveTopics(
  target: Target,
  stream: SseReader,
  candidates: readonly string[],
): Promise<readonly string[]> {
  const known = stream.frames.length;
  const marker = candidates.at(-1);
  await publish(
    target,
    candidates.map((topic) => ({ topic })),
  );
  await stream.waitFor(
    (frame) => stream.frames.indexOf(frame) >= known && frame.event === marker,
    "the last topic",
  );
  return stream.frames.slice(known).map(({ event }) => event ?? "");
}

const formTypes = [
  [
    "urlencoded",
    urlencoded,
    (id: string) => `clientId=${id}&subscriptions=a&subscriptions=b&subscriptions=z`,
  ],
  [
    "multipart",
    multipart,
    (id: string) =>
      parts([
        ["clientId", id],
        ["subscriptions", "a"],
        ["subscriptions", "b"],
        ["subscriptions", "z"],
      ]),
  ],
] as const;

/** Bodies of the subscribe request. */
export const bodyCases: readonly Case[] = [
  ...rows.map(bodyCase),
  ...formTypes.map(([what, type, body]): Case => ({
    name: `a ${what} form has one field per subscription`,
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const headers = { "Content-Type": type };
        await call(target.postUrl, { method: "POST", headers, body: body(stream.clientId) });
        assert.deepEqual(await liveTopics(target, stream, ["a", "b", "c", '["a"]', "z"]), ["a", "b", "z"]);
      }),
  })),
  {
    name: "a JSON payload overrides the fields of its form",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const body = form(
          `clientId=nobody&subscriptions=a&@jsonPayload={"clientId":"${stream.clientId}"}&@jsonPayload={"subscriptions":["b","z"]}`,
        );
        await call(target.postUrl, { method: "POST", headers: { "Content-Type": urlencoded }, body });
        assert.deepEqual(await liveTopics(target, stream, ["a", "b", "z"]), ["b", "z"]);
      }),
  },
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
    run: async ({ postUrl }) => {
      const typed = await call(postUrl, {
        method: "POST",
        headers: { "Content-Type": "application/rtf" },
        body: "",
      });
      assert.deepEqual([typed.status, typed.text], [400, noClientId]);
    },
  },
  {
    name: "an empty JSON body of undeclared length cannot be read",
    run: async ({ postUrl }) => {
      const headers = { "Content-Type": json, "Transfer-Encoding": "chunked" };
      const { status, text } = await call(postUrl, { method: "POST", headers });
      assert.deepEqual([status, text], [400, unreadable]);
    },
  },
  {
    name: "a body that is declared larger than 32 MiB is too large",
    run: async ({ postUrl }) => {
      const headers = { "Content-Type": json, "Content-Length": String(32 * 1024 * 1024 + 1) };
      const { status, text } = await call(postUrl, { method: "POST", headers, headersOnly: true });
      assert.equal(status, 413);
      assert.equal(text, '{"data":{},"message":"Request entity too large.","status":413}\n');
    },
  },
  {
    name: "after a refused request the subscriptions before it stay",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const { clientId } = stream;
        await subscribe(target, { clientId, subscriptions: ["a", "z"] });
        assert.equal(
          (await subscribe(target, { clientId, subscriptions: ["b", "a".repeat(2_501)] })).status,
          400,
        );
        assert.deepEqual(await liveTopics(target, stream, ["a", "b", "z"]), ["a", "z"]);
      }),
  },
  {
    name: "1,000 subscriptions replace the one before, and all are live [S4]",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const { clientId } = stream;
        await subscribe(target, { clientId, subscriptions: ["test0"] });
        await subscribe(target, { clientId, subscriptions: topics(1_000) });
        await publish(target, [{ topic: "test0" }]);
        assert.deepEqual(await liveTopics(target, stream, topics(1_000)), topics(1_000));
      }),
  },
];

/** Refusals that PocketBase does not know. */
export const ownBodyCases: readonly Case[] = ["\n", "\r", "\0"].map((character) => ({
  name: `a subscription with ${JSON.stringify(character)} is refused`,
  needs: ["publish"],
  run: (target) =>
    withStream(target, async ({ clientId }) => {
      const { status, text } = await subscribe(target, { clientId, subscriptions: ["a", `b${character}c`] });
      const data =
        '{"subscriptions":{"1":{"code":"validation_match_invalid","message":"Must not contain CR, LF or NUL."}}}';
      assert.deepEqual([status, text], [400, refusal(data)]);
    }),
}));
