import { waitUntil } from "../harness/wait-until.ts";
import { closeCrowd, openCrowd } from "./crowd.ts";
import { type Figure, judge, quantile } from "./figure.ts";
import { cpuUs } from "./process-usage.ts";
import type { Server } from "./server.ts";
import { startBareServer } from "./start-bare-server.ts";
import type { StreamSocket } from "./stream-socket.ts";

const streams = 4_000;
const frameBytes = 360;
const topic = "bench";
const rounds = 5;

/** How much is sent in a round: so many events, one behind the other, so many frames in each turn. */
interface Dose {
  readonly turns: number;
  readonly framesPerTurn: number;
}

const single: Dose = { turns: 20, framesPerTurn: 1 };
const joined: Dose = { turns: 10, framesPerTurn: 10 };

/** A server with its listeners, and how one turn of frames is sent to them. */
interface Stage {
  readonly server: Server;
  readonly sockets: readonly StreamSocket[];
  readonly received: () => number;
  readonly send: (framesPerTurn: number) => Promise<void>;
}

/** CPU time per frame where it can be known, and the time until the last listener has it. */
interface Cost {
  readonly cpuUsPerFrame: number | undefined;
  readonly lastMs: readonly number[];
}

/** Measures one topic with many listeners, against a bare server that writes the same bytes to as many sockets. */
export async function measureFanOut({ publish, ...server }: Server): Promise<readonly Figure[]> {
  if (publish === undefined) throw new TypeError("expected a server that can publish");
  const bareServer = await startBareServer();
  try {
    const { stage: own, capture } = await gather(server);
    let padding = 0;
    const send = (frames: number): Promise<void> =>
      publish(Array.from({ length: frames }, () => ({ topic, data: "x".repeat(padding) })));
    const measured = { ...own, send };
    const wireOf = async (frames: number): Promise<Buffer> => capture(() => turn(measured, frames));
    padding = frameBytes;
    padding -= (await wireOf(1)).length - frameBytes;
    const wires = new Map([
      [1, await wireOf(1)],
      [10, await wireOf(10)],
    ]);
    const bare = {
      ...(await gather(bareServer)).stage,
      send: (frames: number) => Promise.resolve(bareServer.write(wires.get(frames) ?? Buffer.alloc(0))),
    };
    const figures = await compare(measured, bare);
    for (const { sockets } of [measured, bare]) closeCrowd(sockets);
    return figures;
  } finally {
    await bareServer.stop();
  }
}

async function gather(
  server: Server,
): Promise<{ stage: Omit<Stage, "send">; capture: (act: () => Promise<void>) => Promise<Buffer> }> {
  let received = 0;
  let captured: Buffer[] | undefined;
  const sockets = await openCrowd(server, {
    count: streams,
    topicsOf: () => [topic],
    onRead: (index, frames, bytes) => {
      received += frames;
      // the bytes are overwritten by the next read
      if (index === 0) captured?.push(Buffer.from(bytes));
    },
  });
  const capture = async (act: () => Promise<void>): Promise<Buffer> => {
    captured = [];
    await act();
    return Buffer.concat(captured);
  };
  return { stage: { server, sockets, received: () => received }, capture };
}

/** Sends the frames of one turn, and waits until all listeners have all of them. */
async function turn({ sockets, received, send }: Stage, frames: number): Promise<void> {
  const wanted = received() + sockets.length * frames;
  await Promise.all([
    send(frames),
    waitUntil(() => received() >= wanted, `${frames} frames in ${sockets.length} streams`, 20_000),
  ]);
}

async function round(stage: Stage, { turns, framesPerTurn }: Dose): Promise<Cost> {
  const { pid } = stage.server;
  const before = pid === undefined ? 0 : cpuUs(pid);
  const lastMs: number[] = [];
  for (let index = 0; index < turns; index++) {
    const startMs = performance.now();
    await turn(stage, framesPerTurn);
    lastMs.push(performance.now() - startMs);
  }
  const frames = stage.sockets.length * turns * framesPerTurn;
  return { cpuUsPerFrame: pid === undefined ? undefined : (cpuUs(pid) - before) / frames, lastMs };
}

/** Rounds of both in turn, so that whatever else the machine does meets both. */
async function alternate(stages: readonly Stage[], dose: Dose): Promise<readonly Cost[]> {
  for (const stage of stages) await round(stage, dose);
  const costs: Cost[][] = stages.map(() => []);
  for (let index = 0; index < rounds; index++) {
    for (const [at, stage] of stages.entries()) costs[at]?.push(await round(stage, dose));
  }
  return costs.map((all) => {
    const cpu = all.map(({ cpuUsPerFrame }) => cpuUsPerFrame).filter((us) => us !== undefined);
    return {
      cpuUsPerFrame: cpu.length === 0 ? undefined : quantile(cpu, 0.5),
      lastMs: all.flatMap(({ lastMs }) => lastMs),
    };
  });
}

async function compare(own: Stage, bare: Stage): Promise<readonly Figure[]> {
  const [ownSingle, bareSingle] = await alternate([own, bare], single);
  const [ownJoined, bareJoined] = await alternate([own, bare], joined);
  const cpu = [
    perFrame("1 event a turn", ownSingle, { of: "bare server", cost: bareSingle, most: 1.25 }),
    perFrame("10 events a turn", ownJoined, { of: "1 a turn", cost: ownSingle, most: 0.2 }),
    perFrame("10 events a turn, beside the bare server", ownJoined, { of: "bare server", cost: bareJoined }),
  ].filter((figure) => figure !== undefined);
  const delay = judge({
    figure: `fan-out, ${streams} streams: until the last one has an event, p50`,
    seen: quantile(ownSingle?.lastMs ?? [], 0.5),
    unit: "ms",
    baseline: { of: "bare server", seen: quantile(bareSingle?.lastMs ?? [], 0.5) },
  });
  return [...cpu, delay];
}

function perFrame(
  what: string,
  cost: Cost | undefined,
  beside: { of: string; cost: Cost | undefined; most?: number },
): Figure | undefined {
  const [seen, baseline] = [cost?.cpuUsPerFrame, beside.cost?.cpuUsPerFrame];
  if (seen === undefined || baseline === undefined) return undefined;
  return judge({
    figure: `fan-out, ${streams} streams: CPU per frame, ${what}`,
    seen,
    unit: "µs",
    baseline: { of: beside.of, seen: baseline },
    ...(beside.most === undefined ? {} : { wanted: { of: "ratio", most: beside.most } }),
  });
}
