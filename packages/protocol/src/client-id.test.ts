import { webcrypto } from "node:crypto";
import { expect, test } from "vitest";
import { createClientId, isClientId } from "./client-id.ts";

/** Fills arrays with these bytes, then from the start again. */
function fillWith(source: Iterable<number>): (bytes: Uint8Array) => void {
  const values = [...source];
  let next = 0;
  return (bytes) => {
    for (const index of bytes.keys()) bytes[index] = values[next++ % values.length] ?? 0;
  };
}

test("a client id is 40 letters and digits, each time others", () => {
  const ids = Array.from({ length: 200 }, () => createClientId((bytes) => webcrypto.getRandomValues(bytes)));
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(new Set(ids).size).toBe(200);
});

test("bytes that would favour some characters are dropped", () => {
  expect(createClientId(fillWith([255, 0, 248, 61]))).toBe("A9".repeat(20));
});

test("the highest fair byte counts", () => {
  expect(createClientId(fillWith([247]))).toBe("9".repeat(40));
});

test("every character is as likely", () => {
  // 31 ids take 1240 fair bytes: all 256 byte values five times over
  const fill = fillWith(Array.from({ length: 248 }, (_, byte) => byte));
  const counts = new Map<string, number>();
  for (let index = 0; index < 31; index++) {
    for (const character of createClientId(fillHalf(fill))) {
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
  }
  expect(new Set(counts.values())).toEqual(new Set([20]));
  expect(counts.size).toBe(62);
});

/** Fills the first half, and the rest with bytes that are dropped: nothing of the source is left over. */
function fillHalf(fill: (bytes: Uint8Array) => void): (bytes: Uint8Array) => void {
  return (bytes) => {
    bytes.fill(255);
    fill(bytes.subarray(0, bytes.length / 2));
  };
}

test("a source that runs dry of fair bytes is asked again", () => {
  let calls = 0;
  const id = createClientId((bytes) => bytes.fill(calls++ < 3 ? 255 : 1));
  expect(id).toBe("B".repeat(40));
  expect(calls).toBe(4);
});

test.each([
  ["", false],
  ["a".repeat(39), false],
  ["a".repeat(41), false],
  [`${"a".repeat(39)}-`, false],
  [`${"a".repeat(39)}\n`, false],
  ["é".repeat(40), false],
  [createClientId((bytes) => webcrypto.getRandomValues(bytes)), true],
])("whether %j can be a client id: %s", (text, expected) => {
  expect(isClientId(text)).toBe(expected);
});
