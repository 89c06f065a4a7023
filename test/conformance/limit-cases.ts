import assert from "node:assert/strict";
import { bodyCase, bodyOf, type BodyRow, json } from "./body-rows.ts";
import { assertError, badRequest, type ExpectedError } from "./error-answer.ts";
import { type Case, liveTopics, publish, subscribe, withStream } from "./target.ts";

function invalid(data: string): ExpectedError {
  return { ...badRequest, data };
}

function tooLong(max: number): string {
  const message = `The length must be no more than ${max}.`;
  return `{"code":"validation_length_too_long","message":"${message}","params":{"max":${max},"min":0}}`;
}

function topics(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `test${index + 1}`);
}

const tooMany = invalid(`{"subscriptions":${tooLong(1_000)}}`);
const same = (count: number): readonly string[] => Array.from({ length: count }, () => "a");

const rows: readonly BodyRow[] = [
  [
    "a client id of 255 bytes, which nobody has",
    json,
    () => bodyOf("a".repeat(255), []),
    { status: 404, message: "Missing or invalid client id." },
  ],
  [
    "a client id of 256 bytes in 128 characters",
    json,
    () => bodyOf("é".repeat(128), []),
    invalid(
      '{"clientId":{"code":"validation_length_out_of_range","message":"The length must be between 1 and 255.","params":{"max":255,"min":1}}}',
    ),
  ],
  ["1,000 subscriptions [S4]", json, (id) => bodyOf(id, topics(1_000)), 204],
  ["1,001 subscriptions [S3]", json, (id) => bodyOf(id, topics(1_001)), tooMany],
  ["1,001 subscriptions, all equal", json, (id) => bodyOf(id, same(1_001)), tooMany],
  [
    "1,001 subscriptions, one of them too long: only their number counts",
    json,
    (id) => bodyOf(id, [...topics(1_000), "a".repeat(2_501)]),
    tooMany,
  ],
  ["a subscription of 2,500 bytes [S7]", json, (id) => bodyOf(id, ["abc", "a".repeat(2_500)]), 204],
  [
    "a subscription of 2,501 bytes [S5]",
    json,
    (id) => bodyOf(id, ["abc", "a".repeat(2_501)]),
    invalid(`{"subscriptions":{"1":${tooLong(2_500)}}}`),
  ],
  [
    "2,502 bytes in fewer characters",
    json,
    (id) => bodyOf(id, ["é".repeat(1_251)]),
    invalid(`{"subscriptions":{"0":${tooLong(2_500)}}}`),
  ],
  [
    "both fields wrong",
    json,
    () => bodyOf("", ["a".repeat(2_501)]),
    invalid(
      `{"clientId":{"code":"validation_required","message":"Cannot be blank."},"subscriptions":{"0":${tooLong(2_500)}}}`,
    ),
  ],
];

/** How long and how many ids and subscriptions may be. */
export const limitCases: readonly Case[] = [
  ...rows.map((row) => bodyCase(row)),
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
  {
    name: "a subscription of 2,500 bytes is live, named in full [S7]",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const subscriptions = ["abc", "a".repeat(2_500)];
        await subscribe(target, { clientId: stream.clientId, subscriptions });
        assert.deepEqual(await liveTopics(target, stream, subscriptions), subscriptions);
      }),
  },
  {
    name: "after a request over the limits the subscriptions before it stay",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const { clientId } = stream;
        await subscribe(target, { clientId, subscriptions: ["a", "z"] });
        assertError(target, await subscribe(target, { clientId, subscriptions: topics(1_001) }), tooMany);
        assert.deepEqual(await liveTopics(target, stream, ["a", "test1", "z"]), ["a", "z"]);
      }),
  },
];
