import { expect, test } from "vitest";
import { Batch, type Frame } from "./batch.ts";

function frame(...bytes: readonly number[]): Frame {
  return { bytes: Uint8Array.from(bytes), subject: undefined };
}

const [a, b, c] = [frame(1, 2), frame(3), frame(4, 5, 6)] as const;

test("frames are joined in their order", () => {
  const batch = new Batch().with(a).with(b).with(c);
  expect([...batch.bytes]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(batch.byteLength).toBe(6);
});

test("who was sent the same frames shares one batch, and others have their own", () => {
  const start = new Batch();
  const one = start.with(a).with(b);
  const other = start.with(b).with(a);
  expect(start.with(a).with(b)).toBe(one);
  expect(start.with(b).with(a)).toBe(other);
  expect(start.with(a).with(c)).not.toBe(one);
  expect(start.with(a).with(b)).toBe(one);
  expect(one.bytes).toBe(one.bytes);
  expect([...other.bytes]).toEqual([3, 1, 2]);
});

test("a single frame is not copied", () => {
  expect(new Batch().with(a).bytes).toBe(a.bytes);
});

test("nothing is no bytes", () => {
  expect([...new Batch().bytes]).toEqual([]);
});

test("a hundred thousand frames are joined", () => {
  let batch = new Batch();
  for (let index = 0; index < 100_000; index++) batch = batch.with(frame(index % 256));
  expect(batch.bytes.length).toBe(100_000);
  expect(batch.bytes[99_999]).toBe(99_999 % 256);
});
