import { expect, test } from "vitest";
import { SlabBytes, SlabPool } from "./slab-pool.ts";

const slabBytes = 64 * 1024;

/** Bytes of which none is like its neighbours. */
function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + seed) % 251);
}

/** Collects pieces; what a slab held before is to be of no meaning. */
function collect(pool: SlabPool, pieces: readonly Uint8Array[]): SlabBytes {
  const bytes = new SlabBytes(pool);
  for (const piece of pieces) bytes.append(piece);
  return bytes;
}

test("bytes are joined as they came, whatever the lengths of their pieces", () => {
  const pool = new SlabPool();
  const lengths = [
    [0],
    [1],
    [16_384],
    [16_385],
    [3, 16_380, 2],
    [slabBytes, slabBytes],
    [200_000],
    [1, 70_000, 61_072, 1],
  ];
  for (const [seed, pieceLengths] of lengths.entries()) {
    const pieces = pieceLengths.map((length) => bytesOf(length, seed));
    const bytes = collect(pool, pieces);
    expect(bytes.length).toBe(pieceLengths.reduce((sum, length) => sum + length, 0));
    expect(Buffer.from(bytes.joined()).equals(Buffer.concat(pieces))).toBe(true);
    bytes.release();
  }
});

test("P8: what bodies need is memory that others gave back, and bodies at a time have each their own", () => {
  const pool = new SlabPool();
  const [first, second] = [1, 2].map((seed) => collect(pool, [bytesOf(100_000, seed)]));
  expect(Buffer.from(first?.joined() ?? []).equals(bytesOf(100_000, 1))).toBe(true);
  expect(Buffer.from(second?.joined() ?? []).equals(bytesOf(100_000, 2))).toBe(true);
  first?.release();
  const [slab, other] = [pool.take(), pool.take()];
  second?.release();
  const later = new Set([pool.take(), pool.take()]);
  expect(later.has(slab) || later.has(other)).toBe(false);
  pool.giveBack([slab, other]);
  expect(new Set([pool.take(), pool.take()])).toEqual(new Set([slab, other]));
});

test("P8: a pool keeps no more than 16 MiB", () => {
  const pool = new SlabPool();
  const slabs = Array.from({ length: 300 }, () => pool.take());
  pool.giveBack(slabs);
  const again = Array.from({ length: 300 }, () => pool.take());
  expect(again.filter((slab) => slabs.includes(slab))).toHaveLength(256);
});

test("P8: what is released is there for the next body", () => {
  const pool = new SlabPool();
  const slabs = [pool.take(), pool.take()];
  pool.giveBack(slabs);
  const bytes = collect(pool, [bytesOf(slabBytes + 1, 1)]);
  bytes.release();
  expect(new Set([pool.take(), pool.take()])).toEqual(new Set(slabs));
});
