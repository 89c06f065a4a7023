import { connect } from "node:net";
import { Redis } from "ioredis";
import { startRedisServer } from "../harness/test-redis.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { closeCrowd, openOne } from "./crowd.ts";
import { type Figure, judge } from "./figure.ts";
import { cpuUs } from "./process-usage.ts";
import { type OwnServer, withGateway } from "./server.ts";

/** Who resumes at once, and what was written while they were away. */
export interface ResumeStormPlan {
  readonly clients: number;
  /** Written in ten seconds; each client has missed one in twenty. */
  readonly events: number;
  /** Whether the node was there when they were written, so that it has them at hand. */
  readonly wasThere: boolean;
}

/** What a storm of resumes came to. */
export interface ResumeStorm {
  /** Clients that were sent exactly what they missed, and were told so. */
  readonly complete: number;
  /** CPU time of the node from the first GET until the last client had everything, in seconds. */
  readonly cpuSeconds: number;
  /** Reads of the log that Redis saw, beside those of the node's own feed. */
  readonly logReads: number;
}

const topics = 20;
const limitMs = 60_000;

/** Measures clients that resume all at once on a node that has what they missed, and on one that has not. */
export async function measureResumes(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const wasThere of [true, false]) {
    const plan = { clients: 2_000, events: 2_000, wasThere };
    const { complete, cpuSeconds, logReads } = await resumeAtOnce(plan);
    const title = `resumes, 2000 at once of a 10-second gap, ${wasThere ? "on a node that was there" : "on a new node"}`;
    const missing = { figure: `${title}: not complete`, seen: plan.clients - complete, unit: "clients" };
    figures.push(
      judge({ ...missing, wanted: { of: "seen", most: 0 } }),
      judge({
        figure: `${title}: CPU until all have everything`,
        seen: cpuSeconds,
        unit: "s",
        wanted: { of: "seen", most: 5 },
      }),
      judge({
        figure: `${title}: log reads`,
        seen: logReads,
        unit: "reads",
        wanted: { of: "seen", most: 10 },
      }),
    );
  }
  return figures;
}

/** Has clients come back to one node all at once. */
export async function resumeAtOnce(plan: ResumeStormPlan): Promise<ResumeStorm> {
  const redisServer = await startRedisServer();
  const redis = new Redis(redisServer.url);
  const env = { REDIS_URL: redisServer.url };
  try {
    const begin = (await redis.xadd("rt:log", "*", "event", "{}")) ?? "";
    const write = (): Promise<void> => writeGap(redis, plan.events);
    if (!plan.wasThere) await write();
    return await withGateway(env, async (server) => {
      if (plan.wasThere) await write();
      return storm(server, redis, { ...plan, begin });
    });
  } finally {
    redis.disconnect();
    await redisServer.close();
  }
}

async function writeGap(redis: Redis, events: number): Promise<void> {
  const startMs = Date.now() + 1_000;
  const pipeline = redis.pipeline();
  for (let index = 0; index < events; index++) {
    const message = { topic: `topic${index % topics}`, data: { index, text: "x".repeat(250) }, rule: "" };
    const id = `${startMs + Math.floor((index * 10_000) / events)}-${index}`;
    pipeline.xadd("rt:log", id, "event", JSON.stringify(message));
  }
  await pipeline.exec();
}

async function storm(
  server: OwnServer,
  redis: Redis,
  { clients, events, begin }: ResumeStormPlan & { readonly begin: string },
): Promise<ResumeStorm> {
  const reads = await countReads(redis);
  const texts = Array.from({ length: clients }, () => "");
  const told = `data:{"resumed":true,"replayed":${events / topics}}\n\n`;
  const cpuBefore = cpuUs(server.pid);
  const streams = await Promise.all(
    texts.map((_text, index) =>
      openOne(
        server,
        {
          topicsOf: () => [`topic${index % topics}`],
          lastEventId: begin,
          onRead: (client, _frames, bytes) => (texts[client] += bytes.toString("latin1")),
        },
        index,
      ),
    ),
  );
  await waitUntil(
    () => texts.every((text) => text.includes("event:@resume")),
    "all clients to be told",
    limitMs,
  ).catch(() => undefined);
  const cpuSeconds = (cpuUs(server.pid) - cpuBefore) / 1_000_000;
  closeCrowd(streams);
  const isComplete = (text: string, index: number): boolean =>
    text.includes(told) && hasAllOf(text, index % topics, events);
  return { complete: texts.filter(isComplete).length, cpuSeconds, logReads: await reads() };
}

/** Whether a client was sent every event of its topic once, in order. */
function hasAllOf(text: string, topic: number, events: number): boolean {
  const sent = Array.from(text.matchAll(/"index":(\d+),/g), ([, index]) => Number(index));
  return sent.length === events / topics && sent.every((index, place) => index === topic + place * topics);
}

/**
 * Counts requests that read the log, of which a script is one, but for those of feeds, which come from a connection of
 * their own.
 */
async function countReads(redis: Redis): Promise<() => Promise<number>> {
  const list = String(await redis.client("LIST"));
  const feeds = list.split("\n").filter((line) => /name=sluice-\w+-log /.test(line));
  const sources = new Set(feeds.map((line) => /addr=(\S+)/.exec(line)?.[1]));
  const { host = "", port = 0 } = redis.options;
  const monitor = connect({ host, port });
  let text = "";
  monitor.on("data", (chunk: Buffer) => (text += chunk.toString()));
  monitor.write("MONITOR\r\n");
  await waitUntil(() => text.startsWith("+OK"), "MONITOR to begin");
  return async () => {
    const mark = `counted ${performance.now()}`;
    await redis.echo(mark);
    await waitUntil(() => text.includes(mark), "MONITOR to say everything");
    monitor.destroy();
    const requests = text
      .split("\n")
      .filter((line, index, lines) => !isInScript(lines[index - 1]) || !isInScript(line));
    const reads = requests.filter((line) => /"(?:xrange|xread|xrevrange)"/i.test(line));
    return reads.filter((line) => !sources.has(/ (\S+)\] /.exec(line)?.[1])).length;
  };
}

/** Whether a line of `MONITOR` is about a command that a script runs. */
function isInScript(line = ""): boolean {
  return line.includes(" lua] ");
}
