import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StreamHandlers } from "./record-stream.ts";
import { openSteadyStream } from "./steady-stream.ts";

const limits = { idleMs: 60_000, ageMs: 1_000, overlapMs: 100 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Stage {
  /** Has a stream, counted from 0, bring a change. */
  readonly bring: (stream: number, n: number) => void;
  readonly streams: readonly StreamHandlers[];
  readonly heard: readonly unknown[];
  /** Makes a stream that is being opened live. */
  readonly goLive: () => Promise<void>;
}

/** A steady stream whose second one is being opened. */
async function renew(): Promise<Stage> {
  const streams: StreamHandlers[] = [];
  const heard: unknown[] = [];
  let live = Promise.withResolvers<undefined>();
  const goLive = async (): Promise<void> => {
    live.resolve(undefined);
    live = Promise.withResolvers();
    await vi.advanceTimersByTimeAsync(0);
  };
  const open = async (handlers: StreamHandlers): Promise<{ close: () => void }> => {
    streams.push(handlers);
    await live.promise;
    return { close: () => undefined };
  };
  const steady = openSteadyStream(
    { open, ...limits },
    { change: ({ record }) => heard.push(record["n"]), ended: () => expect.unreachable() },
  );
  await goLive();
  await steady;
  await vi.advanceTimersByTimeAsync(limits.ageMs);
  const bring = (stream: number, n: number): void =>
    streams[stream]?.change({ action: "update", collection: "posts", record: { id: "p1", n } });
  return { bring, streams, heard, goLive };
}

test("P4: what the old stream brought and the next one brings after its end is handed on once", async () => {
  const { bring, heard, goLive } = await renew();
  await goLive();
  bring(0, 1);
  await vi.advanceTimersByTimeAsync(limits.overlapMs);
  bring(1, 1);
  bring(1, 2);
  expect(heard).toEqual([1, 2]);
});

test("P4: what the next stream brought and the old one brings when that has ended is handed on once", async () => {
  const { bring, streams, heard, goLive } = await renew();
  await goLive();
  bring(1, 1);
  streams[1]?.ended();
  bring(0, 1);
  bring(0, 2);
  expect(heard).toEqual([1, 2]);
});

test("P5: a row that is again as it was before the next stream was live is handed on again", async () => {
  const { bring, heard, goLive } = await renew();
  bring(0, 1);
  await goLive();
  await vi.advanceTimersByTimeAsync(limits.overlapMs);
  bring(1, 1);
  expect(heard).toEqual([1, 1]);
});
