import { setTimeout as delay } from "node:timers/promises";
import { collectGarbage } from "./collect-garbage.ts";
import { closeCrowd, openCrowd } from "./crowd.ts";
import { type Figure, judge } from "./figure.ts";
import { maxOpenFiles, memoryBytes } from "./process-usage.ts";
import type { Server } from "./server.ts";
import { startBareServer } from "./start-bare-server.ts";

const wantedStreams = 10_000;

/** Streams that are there before the count begins: what is made once is not one stream's. */
const firstStreams = 200;

/** Files of a process that are no streams. */
const otherFiles = 1_000;

const settledMs = 3_000;
const settleLimitMs = 15_000;
const lookMs = 250;

/** A server whose memory can be looked at. */
export interface WatchedServer extends Server {
  readonly pid: number;
  /** What it prints, where it can be asked for its inspector. */
  readonly output?: () => string;
}

/** Measures what an idle stream with one subscription and an identity of its own takes, against a bare socket. */
export async function measureIdleMemory(server: WatchedServer): Promise<readonly Figure[]> {
  const count = Math.min(wantedStreams, maxOpenFiles() - otherFiles);
  const bareServer = await startBareServer();
  try {
    const bare = await bytesPerStream(bareServer, count);
    const own = await bytesPerStream(server, count);
    const figure = (what: string, { seen, baseline, most }: Compared): Figure =>
      judge({
        figure: `memory, ${count} idle streams: per stream, ${what}`,
        seen: seen / 1024,
        unit: "KB",
        baseline: { of: "bare server", seen: baseline / 1024 },
        ...(most === undefined ? {} : { wanted: { of: "seen", most } }),
      });
    const settled = figure("as it settles", { seen: own.settled, baseline: bare.settled });
    if (own.collected === undefined) return [settled];
    const collected = { seen: own.collected, baseline: bare.collected ?? bare.settled, most: 12 };
    return [figure("garbage collected", collected), settled];
  } finally {
    await bareServer.stop();
  }
}

interface Compared {
  readonly seen: number;
  readonly baseline: number;
  readonly most?: number;
}

/** Bytes for each stream, once memory has settled, and once garbage is collected too, where that can be asked for. */
interface StreamBytes {
  readonly settled: number;
  readonly collected: number | undefined;
}

function topicsOf(index: number): readonly string[] {
  return [`bench/record${index}`];
}

async function bytesPerStream(server: WatchedServer, count: number): Promise<StreamBytes> {
  const first = await openCrowd(server, { count: firstStreams, topicsOf });
  const { pid, output } = server;
  const collect = output === undefined ? undefined : () => collectGarbage({ pid, output });
  await collect?.();
  const before = await settledBytes(pid);
  const crowd = await openCrowd(server, { count, topicsOf });
  const settled = ((await settledBytes(pid)) - before) / count;
  await collect?.();
  const collected = ((await settledBytes(pid)) - before) / count;
  const gone = [...first, ...crowd].filter(({ isClosed }) => isClosed).length;
  closeCrowd([...first, ...crowd]);
  if (gone > 0) throw new TypeError(`expected all streams to stay, ${gone} ended`);
  return { settled, collected: collect === undefined ? undefined : collected };
}

/** The memory of a process once it has not become less for a while. */
async function settledBytes(pid: number): Promise<number> {
  const startMs = performance.now();
  let least = memoryBytes(pid);
  let leastMs = startMs;
  while (performance.now() - leastMs < settledMs && performance.now() - startMs < settleLimitMs) {
    await delay(lookMs);
    const bytes = memoryBytes(pid);
    // a page more or less is no news
    if (bytes < least * 0.998) leastMs = performance.now();
    least = Math.min(least, bytes);
  }
  return memoryBytes(pid);
}
