import { waitUntil } from "../harness/wait-until.ts";
import { closeCrowd, openOne } from "./crowd.ts";
import { type Figure, judge } from "./figure.ts";
import { cpuUs } from "./process-usage.ts";
import type { Server } from "./server.ts";
import { startBareServer } from "./start-bare-server.ts";
import { StreamSocket } from "./stream-socket.ts";

const clients = 5_000;
const limitMs = 60_000;

/** What a storm did. */
interface Storm {
  readonly failed: number;
  /** The longest wait for `PB_CONNECT`, and for the answer to the first POST, both from the beginning. */
  readonly connectMs: number;
  readonly liveMs: number;
  readonly cpuUsPerClient: number | undefined;
  /** The longest silence of a stream that was there before. */
  readonly silenceMs: number;
}

/** How a storm is measured. */
export interface StormPlan {
  /** Whether the server is known to send a heartbeat every second. */
  readonly beats: boolean;
}

/** Measures many clients that connect and subscribe at once, against a bare server that takes in as many. */
export async function measureStorm(server: Server, { beats }: StormPlan): Promise<readonly Figure[]> {
  const bareServer = await startBareServer();
  try {
    const bare = await storm(bareServer, false);
    const own = await storm(server, beats);
    const waits = (what: string, seen: number, baseline: number): Figure =>
      judge({
        figure: `storm, ${clients} clients: the longest wait ${what}`,
        seen: seen / 1_000,
        unit: "s",
        baseline: { of: "bare server", seen: baseline / 1_000 },
        wanted: { of: "seen", most: 10 },
      });
    const failed = { figure: `storm, ${clients} clients: failed`, seen: own.failed, unit: "clients" };
    const silence = { figure: "storm: longest time between heartbeats of 1 s", seen: own.silenceMs / 1_000 };
    return [
      judge({ ...failed, wanted: { of: "seen", most: 0 } }),
      waits("for PB_CONNECT", own.connectMs, bare.connectMs),
      waits("until the POST is answered", own.liveMs, bare.liveMs),
      ...(own.cpuUsPerClient === undefined || bare.cpuUsPerClient === undefined
        ? []
        : [
            judge({
              figure: `storm, ${clients} clients: CPU per client`,
              seen: own.cpuUsPerClient,
              unit: "µs",
              baseline: { of: "bare server", seen: bare.cpuUsPerClient },
            }),
          ]),
      ...(beats ? [judge({ ...silence, unit: "s", wanted: { of: "seen", most: 3 } })] : []),
    ];
  } finally {
    await bareServer.stop();
  }
}

async function storm(server: Server, beats: boolean): Promise<Storm> {
  const silence = beats ? await listenToBeats(server) : undefined;
  const { pid } = server;
  const cpuBefore = pid === undefined ? 0 : cpuUs(pid);
  const startMs = performance.now();
  const arrivals = await Promise.all(Array.from({ length: clients }, (_, index) => arrive(server, index)));
  const cpu = pid === undefined ? undefined : (cpuUs(pid) - cpuBefore) / clients;
  const arrived = arrivals.filter((arrival) => arrival !== undefined);
  closeCrowd(arrived.map(({ stream }) => stream));
  const sinceStart = (times: readonly number[]): number =>
    times.length === 0 ? Number.NaN : Math.max(...times) - startMs;
  return {
    failed: clients - arrived.length,
    connectMs: sinceStart(arrived.map(({ stream }) => stream.connectedMs)),
    liveMs: sinceStart(arrived.map(({ liveMs }) => liveMs)),
    cpuUsPerClient: cpu,
    silenceMs: (await silence?.()) ?? 0,
  };
}

interface Arrival {
  readonly stream: StreamSocket;
  readonly liveMs: number;
}

/** One client; undefined where it does not get in. */
async function arrive(server: Server, index: number): Promise<Arrival | undefined> {
  const late = AbortSignal.timeout(limitMs);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  late.addEventListener("abort", () => resolve(undefined));
  const opened = openOne(server, { topicsOf: () => [`bench/record${index}`] }, index).then(
    (stream) => ({ stream, liveMs: performance.now() }),
    () => undefined,
  );
  return Promise.race([opened, promise]);
}

/** Opens a stream that hears only heartbeats; returns how to learn its longest silence until then. */
async function listenToBeats({ host, port }: Server): Promise<() => Promise<number>> {
  const heardMs: number[] = [];
  const stream = await StreamSocket.open({ host, port, onRead: () => void heardMs.push(performance.now()) });
  await waitUntil(() => heardMs.length > 0, "a heartbeat");
  return async () => {
    const count = heardMs.length;
    await waitUntil(() => heardMs.length > count, "a heartbeat", 10_000);
    stream.close();
    return Math.max(...heardMs.slice(1).map((ms, index) => ms - (heardMs[index] ?? ms)));
  };
}
