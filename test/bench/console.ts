import { setTimeout as delay } from "node:timers/promises";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { signSuperuserToken } from "../harness/tokens.ts";
import { closeCrowd, openCrowd, openOne } from "./crowd.ts";
import { type Figure, judge, quantile } from "./figure.ts";
import { cpuUs } from "./process-usage.ts";
import { type OwnServer, withGateway } from "./server.ts";
import type { StreamSocket } from "./stream-socket.ts";

const streams = 2_000;
const topics = 100;
const rounds = 6;
const roundMs = 8_000;

/** Behind a change of who watches, until all that it changes has changed. */
const settleMs = 2_500;

/** A modest load: so many events a second, each to a hundredth of the streams. */
const eventsPerSecond = 50;
const stepMs = 100;

/** Measures what it costs a gateway that somebody has a console open, at rest and under a modest load. */
export async function measureConsole(): Promise<readonly Figure[]> {
  const redis = await startRedisServer();
  const env = { REDIS_URL: redis.url, COLLECTIONS_FILE: demoCollectionsFile, HEARTBEAT_SECONDS: "0" };
  try {
    return await withGateway(env, compare);
  } finally {
    await redis.close();
  }
}

async function compare(server: OwnServer): Promise<readonly Figure[]> {
  const crowd = await openCrowd(server, {
    count: streams,
    topicsOf: (index) => [`posts/record${index % topics}`, "audits/*"],
  });
  const figures = [];
  for (const [load, perSecond] of [
    ["at rest", 0],
    [`at ${eventsPerSecond} events a second`, eventsPerSecond],
  ] as const) {
    const [watched, unwatched]: [number[], number[]] = [[], []];
    // in turn, so that whatever else the machine does meets both
    for (let round = 0; round < rounds; round++) {
      unwatched.push(await share(server, perSecond));
      const watcher = await watch(server);
      watched.push(await share(server, perSecond));
      watcher.stream.close();
      if (watcher.reports() === 0) throw new TypeError("expected reports under @stats, got none");
    }
    const [seen, without] = [quantile(watched, 0.5), quantile(unwatched, 0.5)];
    const name = `console, ${streams} streams, ${load}`;
    figures.push(
      judge({
        figure: `${name}: CPU of the gateway, watched`,
        seen,
        unit: "% of a core",
        baseline: { of: "unwatched", seen: without },
      }),
      judge({
        figure: `${name}: the difference`,
        seen: seen - without,
        unit: "% of a core",
        wanted: { of: "seen", most: 2 },
      }),
    );
  }
  closeCrowd(crowd);
  return figures;
}

async function watch(server: OwnServer): Promise<{ stream: StreamSocket; reports: () => number }> {
  const superuser = await signSuperuserToken();
  let reports = 0;
  const place = { ...server, tokenOf: () => Promise.resolve(superuser) };
  const stream = await openOne(
    place,
    { topicsOf: () => ["@stats"], onRead: (_index, frames) => (reports += frames) },
    0,
  );
  return { stream, reports: () => reports };
}

/** The share of a core that the gateway takes under a load, in percent. */
async function share({ pid, publish }: OwnServer, perSecond: number): Promise<number> {
  await delay(settleMs);
  const [startUs, startMs] = [cpuUs(pid), performance.now()];
  let sent = 0;
  while (performance.now() - startMs < roundMs) {
    const due = Math.floor(((performance.now() - startMs) / 1_000) * perSecond);
    const events = Array.from({ length: due - sent }, (_, index) => eventOf(sent + index));
    if (events.length > 0) await publish(events);
    sent = due;
    await delay(stepMs);
  }
  return (cpuUs(pid) - startUs) / (performance.now() - startMs) / 10;
}

/** Of two events one is for some, and one is kept from all. */
function eventOf(index: number): object {
  const id = `record${index % topics}`;
  return { collection: index % 2 === 0 ? "posts" : "audits", action: "update", record: { id } };
}
